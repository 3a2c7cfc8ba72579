// An answer without an end, over a client's connection.
#pragma once

#include "http/routes/call.hpp"
#include "http/server/client_channel.hpp"
#include "http/server/reply_text.hpp"

namespace connector::http {

class ClientEvents final : public EventStream {
 public:
  /// Each piece may take `time` to be read by the client.
  ClientEvents(ClientChannel& channel, ReplyForm form, std::chrono::seconds time);

  Task<> begin(const Reply& head) override;
  Task<> write(std::string text) override;
  /// The end, for the client to see that nothing is missing.
  Task<> end();

  bool begun() const noexcept override { return begun_; }
  unsigned status() const noexcept { return status_; }
  std::size_t bytes() const noexcept { return bytes_; }

 private:
  Task<> send(std::string text);

  ClientChannel& channel_;
  ReplyForm form_;
  std::chrono::seconds time_;
  bool begun_ = false;
  bool broken_ = false;
  unsigned status_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace connector::http
