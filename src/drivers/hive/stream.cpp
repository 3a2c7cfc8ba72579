#include "drivers/hive/stream.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/net/stale_socket.hpp"
#include "drivers/hive/failure.hpp"
#include "drivers/hive/tls.hpp"

namespace connector::hive {

namespace {

using Kind = Failure::Kind;

/// A server that sends without a pause never makes us wait: the caller gets its turn after so many reads.
constexpr unsigned reads_between_checks = 64;

/// A dead peer is noticed after about two minutes. Between a request and its answer hours may pass.
void set_options(int socket) {
  const int on = 1, idle = 60, interval = 10, count = 6;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  setsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(socket, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof count);
}

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

}  // namespace

Stream::Stream(const Login& login, const core::Address& address, bool tls, const WaitLimit& wait_limit)
    : wait_limit_(wait_limit) {
  try {
    dial(address, login.port);
    if (tls) begin_tls(login);
  } catch (...) {
    close();
    throw;
  }
}

Stream::~Stream() {
  close();
}

void Stream::close() noexcept {
  if (tls_ != nullptr) SSL_free(tls_);
  if (socket_ >= 0) ::close(socket_);
}

void Stream::dial(const core::Address& address, int port) {
  socket_ = socket(address.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (socket_ < 0) throw Failure(Kind::unreachable, std::strerror(errno));
  set_options(socket_);
  sockaddr_storage storage;
  const socklen_t size = address.socket_address(port, storage);
  if (connect(socket_, reinterpret_cast<const sockaddr*>(&storage), size) == 0) return;
  if (errno != EINPROGRESS && errno != EINTR) throw Failure(Kind::unreachable, std::strerror(errno));
  try {
    wait(core::wait_writable);
  } catch (const Failure&) {
    throw Failure(Kind::timed_out, "timed out while connecting");
  }
  int error = 0;
  socklen_t error_size = sizeof error;
  getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &error_size);
  if (error != 0) throw Failure(Kind::unreachable, std::strerror(error));
}

void Stream::begin_tls(const Login& login) {
  tls_ = new_tls(login, socket_);
  for (;;) {
    clear_tls_errors();
    const int result = SSL_connect(tls_);
    if (result == 1) return;
    if (!wait_for_tls(result)) throw Failure(Kind::tls, tls_failure(tls_), tls_hint(login, tls_));
  }
}

bool Stream::wait_for_tls(int result) {
  switch (SSL_get_error(tls_, result)) {
    case SSL_ERROR_WANT_READ:
      wait(core::wait_readable);
      return true;
    case SSL_ERROR_WANT_WRITE:
      wait(core::wait_writable);
      return true;
    default:
      return false;
  }
}

void Stream::wait(unsigned events) {
  if (wait_limit_.wait->wait(socket_, events, wait_limit_.deadline) == core::wait_none) {
    throw Failure(Kind::timed_out, "timed out while waiting for the server");
  }
}

std::size_t Stream::read(char* to, std::size_t size) {
  if (++reads_ % reads_between_checks == 0) wait_limit_.wait->check();
  for (;;) {
    if (tls_ != nullptr) {
      clear_tls_errors();
      std::size_t got = 0;
      const int result = SSL_read_ex(tls_, to, size, &got);
      if (result == 1) return got;
      if (wait_for_tls(result)) continue;
      // Servers end a connection without saying so in TLS: what counts is whether the message was whole.
      if (tls_ended(tls_, result)) return 0;
      throw Failure(Kind::lost, tls_failure(tls_));
    }
    const ssize_t got = recv(socket_, to, size, 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == ECONNRESET) return 0;
    if (!would_block(errno)) throw Failure(Kind::lost, std::strerror(errno));
    wait(core::wait_readable);
  }
}

void Stream::write(std::string_view bytes) {
  while (!bytes.empty()) {
    std::size_t sent = 0;
    if (tls_ != nullptr) {
      clear_tls_errors();
      const int result = SSL_write_ex(tls_, bytes.data(), bytes.size(), &sent);
      if (result != 1 && !wait_for_tls(result)) throw Failure(Kind::lost, tls_failure(tls_));
    } else {
      const ssize_t result = send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (result >= 0) {
        sent = static_cast<std::size_t>(result);
      } else if (errno == EPIPE || errno == ECONNRESET) {
        throw Failure(Kind::lost, "the server closed the connection");
      } else if (!would_block(errno)) {
        throw Failure(Kind::lost, std::strerror(errno));
      } else {
        wait(core::wait_writable);
      }
    }
    bytes.remove_prefix(sent);
  }
}

bool Stream::is_stale() const noexcept {
  return core::is_stale(socket_, tls_ != nullptr);
}

}  // namespace connector::hive
