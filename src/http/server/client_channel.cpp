#include "http/server/client_channel.hpp"

namespace connector::http {

namespace {

constexpr std::size_t read_size = 16 * 1024;

}  // namespace

ClientChannel::ClientChannel(asio::ip::tcp::socket socket, TlsContext tls, asio::ip::address peer, bool is_proxy,
                             Clients& clients)
    : stream(std::move(socket), std::move(tls)), clients_(clients) {
  address = std::move(peer);
  counts_by_address = !is_proxy;
  accepted_ = clients_.add(*this);
}

void ClientChannel::allow(std::chrono::seconds time) {
  if (left_) return;
  expired_ = false;
  deadline = Clock::now() + time;
}

Task<bool> ClientChannel::read_more() {
  if (left_ || expired_) co_return false;
  const std::size_t before = ahead.size();
  ahead.resize(before + read_size);
  error_code error;
  const std::size_t count = co_await stream.read_some(asio::buffer(ahead.data() + before, read_size), error);
  ahead.resize(before + count);
  // A deadline that passed while these bytes were on their way here could cancel nothing.
  co_return !error && !left_ && !expired_;
}

Task<bool> ClientChannel::write(std::string_view bytes) {
  if (left_ || expired_) co_return false;
  error_code error;
  co_await stream.write(asio::buffer(bytes.data(), bytes.size()), error);
  co_return !error && !left_;
}

Task<> ClientChannel::finish() {
  if (left_) co_return;
  allow(std::chrono::seconds(2));
  phase = Phase::waiting;
  since = Clock::time_point::min();  // nobody is sooner in the way of others
  co_await stream.finish();
  bool more = !expired_;
  while (more && !left_ && !expired_) more = co_await stream.discard_some();
}

Task<bool> ClientChannel::handshake() {
  error_code error;
  co_await stream.handshake(error);
  co_return !error && !left_ && !expired_;
}

void ClientChannel::expire() {
  expired_ = true;
  stream.cancel();
}

void ClientChannel::leave() {
  left_ = true;
  deadline = Clock::time_point::min();  // so that what is waited for is cancelled again, should that be needed
  if (call_stop != nullptr) call_stop->ask();
  stream.cancel();
}

}  // namespace connector::http
