// The bytes of a client's connection, with TLS or without: the rest of the server does not know which.
#pragma once

#include <memory>
#include <variant>

#include "http/asio.hpp"

namespace connector::http {

using TlsContext = std::shared_ptr<asio::ssl::context>;

class ClientStream {
 public:
  /// Without a context the connection has no TLS.
  ClientStream(asio::ip::tcp::socket socket, TlsContext tls);

  bool is_tls() const noexcept { return context_ != nullptr; }

  /// Before all else, with TLS.
  Task<> handshake(error_code& error);

  /// Reads what there is, at least a byte. An end of the connection is an error.
  Task<std::size_t> read_some(asio::mutable_buffer buffer, error_code& error);

  /// The same for who does not await it: `handler(error_code, std::size_t)` is called later.
  template <typename Handler>
  void read_some_then(asio::mutable_buffer buffer, Handler handler) {
    if (auto* tls = std::get_if<Tls>(&stream_)) {
      tls->async_read_some(buffer, std::move(handler));
    } else {
      std::get<Plain>(stream_).async_read_some(buffer, std::move(handler));
    }
  }

  /// Writes all of it. May go on at the same time as a read.
  Task<> write(asio::const_buffer bytes, error_code& error);

  /// Tells the client that nothing more will come.
  Task<> finish();

  /// Reads something that nobody wants any more. False if there is nothing more.
  Task<bool> discard_some();

  /// Whatever is waited for ends with an error. The connection can be used on.
  void cancel() noexcept;

 private:
  using Plain = asio::ip::tcp::socket;
  using Tls = asio::ssl::stream<asio::ip::tcp::socket>;
  Plain& socket() noexcept;

  TlsContext context_;  // which is as old as the connection, whatever was loaded since
  std::variant<Plain, Tls> stream_;
};

}  // namespace connector::http
