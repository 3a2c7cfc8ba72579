// Looks, while an answer is made, whether the client is still there.
#pragma once

#include <array>

#include "http/server/client_channel.hpp"

namespace connector::http {

/// Reads from the channel: what comes is kept in its `ahead`, as clients may send the next request before they have the
/// answer to the last. At an end of the connection the call's stop is asked for.
class ClientWatch {
 public:
  ClientWatch(ClientChannel& channel, Stop& stop, const asio::any_io_executor& executor);
  ClientWatch(const ClientWatch&) = delete;
  ClientWatch& operator=(const ClientWatch&) = delete;

  void begin();
  /// Has to be awaited after begin(), whatever happened in between.
  Task<> end();
  bool client_gone() const noexcept { return gone_; }

 private:
  void read();

  ClientChannel& channel_;
  Stop& stop_;
  asio::steady_timer ended_;  // is cancelled when the last read has ended
  std::array<char, 4096> bytes_;
  bool reading_ = false;
  bool ending_ = false;
  bool gone_ = false;
};

}  // namespace connector::http
