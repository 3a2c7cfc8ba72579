// What went wrong below the calls, before anybody knows what was being done.
#pragma once

#include <exception>
#include <string>
#include <utility>

namespace connector::hive {

/// Thrown by stream, channels and decoders; errors.hpp makes an error of it that names phase and server.
class Failure : public std::exception {
 public:
  enum class Kind {
    unreachable,  ///< no connection came about: another address may do better
    timed_out,
    lost,       ///< the connection ended, or the network failed
    mismatch,   ///< the server speaks another protocol than the one configured
    tls,        ///< no encrypted connection came about
    denied,     ///< the server refused the login
    malformed,  ///< the answer breaks the protocol
  };

  Failure(Kind kind, std::string message, std::string hint = {})
      : kind_(kind), message_(std::move(message)), hint_(std::move(hint)) {}

  Kind kind() const noexcept { return kind_; }
  const char* what() const noexcept override { return message_.c_str(); }
  const std::string& hint() const noexcept { return hint_; }

 private:
  Kind kind_;
  std::string message_;  ///< lower case, without a full stop
  std::string hint_;
};

}  // namespace connector::hive
