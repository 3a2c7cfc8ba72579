// The server: accepts connections, until it is told to end.
#pragma once

#include "http/routes/services.hpp"
#include "http/server/client_stream.hpp"
#include "http/server/clients.hpp"
#include "http/server/settings.hpp"

namespace connector::http {

class Server {
 public:
  /// Listens. Throws std::runtime_error if that is not possible, or if the files of the certificate are no use.
  Server(asio::io_context& context, const Settings& settings, Services& services);
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Accepts connections and looks at deadlines, until stop().
  void start();

  /// Reads the files of the certificate again, for new connections. If they are of no use the old ones stay, and the
  /// log has a line that says why.
  void reload() noexcept;

  /// No more connections: idle ones and streams end, calls that run have five seconds. The loop ends when all are gone.
  void stop();

  /// Where it listens: `http://127.0.0.1:8080`.
  std::string url() const;
  /// False if a connection is there yet, whose coroutine refers to all else.
  bool finished() const noexcept { return clients_.empty(); }

 private:
  Task<> accept();
  Task<> tick();
  Task<> end();

  asio::io_context& context_;
  const Settings& settings_;
  Services& services_;
  Clients clients_;
  TlsContext tls_;
  asio::ip::tcp::acceptor acceptor_;
};

}  // namespace connector::http
