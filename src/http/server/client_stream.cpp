#include "http/server/client_stream.hpp"

#include <array>

namespace connector::http {

ClientStream::ClientStream(asio::ip::tcp::socket socket, TlsContext tls)
    : context_(std::move(tls)), stream_(std::in_place_type<Plain>, std::move(socket)) {
  error_code ignored;
  this->socket().set_option(asio::ip::tcp::no_delay(true), ignored);
  if (context_ == nullptr) return;
  Plain plain = std::move(std::get<Plain>(stream_));
  stream_.emplace<Tls>(std::move(plain), *context_);
}

ClientStream::Plain& ClientStream::socket() noexcept {
  auto* tls = std::get_if<Tls>(&stream_);
  return tls != nullptr ? tls->next_layer() : *std::get_if<Plain>(&stream_);
}

Task<> ClientStream::handshake(error_code& error) {
  co_await std::get<Tls>(stream_).async_handshake(asio::ssl::stream_base::server, into(error));
}

Task<std::size_t> ClientStream::read_some(asio::mutable_buffer buffer, error_code& error) {
  std::size_t count = 0;
  if (auto* tls = std::get_if<Tls>(&stream_)) {
    count = co_await tls->async_read_some(buffer, into(error));
  } else {
    count = co_await std::get<Plain>(stream_).async_read_some(buffer, into(error));
  }
  co_return count;
}

Task<> ClientStream::write(asio::const_buffer bytes, error_code& error) {
  if (auto* tls = std::get_if<Tls>(&stream_)) {
    co_await asio::async_write(*tls, bytes, into(error));
  } else {
    co_await asio::async_write(std::get<Plain>(stream_), bytes, into(error));
  }
}

Task<> ClientStream::finish() {
  error_code error;
  // It waits for the client's own end, too. Without one nothing is lost.
  if (auto* tls = std::get_if<Tls>(&stream_)) co_await tls->async_shutdown(into(error));
  socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
}

Task<bool> ClientStream::discard_some() {
  std::array<char, 4096> rest;
  error_code error;
  co_await socket().async_read_some(asio::buffer(rest), into(error));
  co_return !error;
}

void ClientStream::cancel() noexcept {
  error_code ignored;
  socket().cancel(ignored);
}

}  // namespace connector::http
