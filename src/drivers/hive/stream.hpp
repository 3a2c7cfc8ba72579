// A connection to a server, with TLS if it is asked for: bytes in both directions, every wait through core::Wait.
#pragma once

#include <openssl/types.h>

#include <cstddef>
#include <string>
#include <string_view>

#include "core/net/address_rules.hpp"
#include "core/net/wait.hpp"
#include "drivers/hive/login.hpp"

namespace connector::hive {

/// Whose waits a connection makes, and until when.
struct WaitLimit {
  core::Wait* wait;
  core::Deadline deadline;
};

class Stream {
 public:
  /// Dials, and begins TLS if `tls`. Throws Failure. What `wait_limit` refers to outlives the stream; its values may be
  /// changed between calls.
  Stream(const Login& login, const core::Address& address, bool tls, const WaitLimit& wait_limit);
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Waits until there are bytes, and reads at most `size`; 0 = the server has closed the connection. Throws Failure.
  std::size_t read(char* to, std::size_t size);
  /// Sends all bytes. Throws Failure.
  void write(std::string_view bytes);
  bool has_tls() const noexcept { return tls_ != nullptr; }
  int descriptor() const noexcept { return socket_; }
  /// True if the server has closed an idle connection, or has sent what nobody asked for.
  bool is_stale() const noexcept;

 private:
  void dial(const core::Address& address, int port);
  void begin_tls(const Login& login);
  void close() noexcept;
  /// Waits after a call of OpenSSL that could not go on; false if it failed for good.
  bool wait_for_tls(int result);
  void wait(unsigned events);

  const WaitLimit& wait_limit_;
  int socket_ = -1;
  SSL* tls_ = nullptr;
  unsigned reads_ = 0;
};

}  // namespace connector::hive
