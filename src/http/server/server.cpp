#include "http/server/server.hpp"

#include <iostream>
#include <sstream>

#include "http/server/client_connection.hpp"
#include "http/server/tls_files.hpp"

namespace connector::http {

namespace {

asio::ip::tcp::acceptor listening(asio::io_context& context, const Settings& settings) {
  const asio::ip::tcp::endpoint endpoint(asio::ip::make_address(settings.address), settings.port);
  try {
    asio::ip::tcp::acceptor acceptor(context);
    acceptor.open(endpoint.protocol());
    acceptor.set_option(asio::ip::tcp::acceptor::reuse_address(true));
    acceptor.bind(endpoint);
    acceptor.listen();
    return acceptor;
  } catch (const boost::system::system_error& error) {
    std::ostringstream where;
    where << endpoint;
    throw std::runtime_error("can't listen on " + where.str() + ": " + error.code().message());
  }
}

}  // namespace

Server::Server(asio::io_context& context, const Settings& settings, Services& services)
    : context_(context),
      settings_(settings),
      services_(services),
      clients_(settings.most_connections, settings.most_connections_of_one, settings.most_long_bytes),
      tls_(settings.tls_certificate.empty() ? nullptr : read_tls_files(settings.tls_certificate, settings.tls_key)),
      acceptor_(listening(context, settings)) {}

void Server::start() {
  asio::co_spawn(context_, accept(), asio::detached);
  asio::co_spawn(context_, tick(), asio::detached);
}

std::string Server::url() const {
  std::ostringstream text;
  text << (tls_ == nullptr ? "http://" : "https://") << acceptor_.local_endpoint();
  return text.str();
}

Task<> Server::accept() {
  asio::steady_timer pause(context_);
  while (acceptor_.is_open()) {
    error_code error;
    asio::ip::tcp::socket socket = co_await acceptor_.async_accept(into(error));
    if (!acceptor_.is_open()) co_return;
    if (!error) {
      asio::co_spawn(context_, serve(std::move(socket), tls_, settings_, services_, clients_), asio::detached);
    } else if (error != asio::error::connection_aborted) {
      // No descriptors or no memory: it passes when connections end.
      std::clog << "can't accept a connection: " << error.message() << std::endl;
      pause.expires_after(std::chrono::milliseconds(200));
      co_await pause.async_wait(into(error));
    }
  }
}

Task<> Server::tick() {
  asio::steady_timer timer(context_);
  for (;;) {
    timer.expires_after(std::chrono::seconds(1));
    error_code error;
    co_await timer.async_wait(into(error));
    clients_.tick();
    services_.pool.tidy();
    services_.keys.tidy();
    services_.sessions.tidy(Clock::now());
    services_.log_in.tidy();
  }
}

void Server::reload() noexcept {
  if (tls_ == nullptr) return;
  try {
    tls_ = read_tls_files(settings_.tls_certificate, settings_.tls_key);
    std::clog << "the certificate was read again" << std::endl;
  } catch (const std::exception& error) {
    std::clog << "the old certificate stays: " << error.what() << std::endl;
  }
}

void Server::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  clients_.when_empty([this] { context_.stop(); });
  clients_.close();
  asio::co_spawn(context_, end(), asio::detached);
}

Task<> Server::end() {
  asio::steady_timer timer(context_, std::chrono::seconds(5));
  error_code error;
  co_await timer.async_wait(into(error));
  clients_.leave_all();
  timer.expires_after(std::chrono::seconds(2));
  co_await timer.async_wait(into(error));
  context_.stop();
}

}  // namespace connector::http
