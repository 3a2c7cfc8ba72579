#include "http/server/client_watch.hpp"

namespace connector::http {

namespace {

/// A client that sends more than this ahead is not watched any more.
constexpr std::size_t most_ahead = 64 * 1024;

}  // namespace

ClientWatch::ClientWatch(ClientChannel& channel, Stop& stop, const asio::any_io_executor& executor)
    : channel_(channel), stop_(stop), ended_(executor, Clock::time_point::max()) {}

void ClientWatch::begin() {
  channel_.call_stop = &stop_;
  read();
}

void ClientWatch::read() {
  if (channel_.ahead.size() >= most_ahead) return;
  reading_ = true;
  channel_.stream.read_some_then(asio::buffer(bytes_), [this](error_code error, std::size_t count) {
    reading_ = false;
    channel_.ahead.append(bytes_.data(), count);
    if (ending_) {
      ended_.cancel();
    } else if (error) {
      gone_ = true;
      stop_.ask();
    } else {
      read();
    }
  });
}

Task<> ClientWatch::end() {
  channel_.call_stop = nullptr;
  ending_ = true;
  if (!reading_) co_return;
  channel_.stream.cancel();
  error_code error;
  co_await ended_.async_wait(into(error));
}

}  // namespace connector::http
