// A client's connection with its deadlines: what reads requests, writes answers and watches the client works on.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "http/database/stop.hpp"
#include "http/server/client_stream.hpp"
#include "http/server/clients.hpp"

namespace connector::http {

class ClientChannel final : public Client {
 public:
  /// Takes part in `clients` as long as it lives, if there is a place: see accepted().
  ClientChannel(asio::ip::tcp::socket socket, TlsContext tls, asio::ip::address peer, bool is_proxy, Clients& clients);
  ~ClientChannel() override { clients_.remove(*this); }
  ClientChannel(const ClientChannel&) = delete;
  ClientChannel& operator=(const ClientChannel&) = delete;

  bool accepted() const noexcept { return accepted_; }

  /// From now on the steps below may take so long, together.
  void allow(std::chrono::seconds time);
  /// From now on there is no deadline.
  void allow_any_time() noexcept {
    if (!left_) deadline = Clock::time_point::max();
  }

  /// Waits for more bytes, behind those in `ahead`. False if the connection has ended, or the time.
  Task<bool> read_more();
  /// Writes all of it. False likewise.
  Task<bool> write(std::string_view bytes);
  /// Tells the client that nothing more will come, and reads on for two seconds at most: a connection that is closed
  /// with something unread is reset, and the client may not see the answer.
  Task<> finish();
  Task<bool> handshake();

  /// True if the time was over before what was waited for had come.
  bool expired() const noexcept { return expired_; }
  bool left() const noexcept { return left_; }
  /// For what is read and written here.
  ByteBudget& memory() const noexcept { return clients_.memory(); }

  void expire() override;
  void leave() override;

  ClientStream stream;
  std::string ahead;          ///< what came and was not read as part of a request yet
  Stop* call_stop = nullptr;  ///< of the call that is worked on, which ends if the client has to leave

 private:
  Clients& clients_;
  bool accepted_;
  bool expired_ = false;
  bool left_ = false;
};

}  // namespace connector::http
