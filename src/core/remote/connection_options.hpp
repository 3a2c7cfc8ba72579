// What the drivers read alike from the options of a connection.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "core/base/words.hpp"

namespace connector::core {

/// Connection options by lower-case key, values as text (`port` "3306"). Holds the password: never log it.
using ConnectionOptions = std::map<std::string, std::string, std::less<>>;

/// The `sslmode` parameter, in libpq's words.
enum class TlsMode {
  disable,      ///< plain text
  prefer,       ///< TLS if the server offers it, unverified
  require,      ///< TLS, unverified
  verify_ca,    ///< TLS, and the certificate's chain must be trusted
  verify_full,  ///< and the certificate must be made out to the server's name
};

inline constexpr auto tls_mode_words = words<TlsMode>({{TlsMode::disable, "disable"},
                                                       {TlsMode::prefer, "prefer"},
                                                       {TlsMode::require, "require"},
                                                       {TlsMode::verify_ca, "verify-ca"},
                                                       {TlsMode::verify_full, "verify-full"}});

/// The mode of a checked `sslmode`.
constexpr TlsMode tls_mode(std::string_view word) noexcept {
  return tls_mode_words.find(word).value_or(TlsMode::prefer);
}

/// The value of an option; empty if it is not there.
std::string option(const ConnectionOptions& options, std::string_view name);

/// The value of a checked option that is a whole number.
int number_option(const ConnectionOptions& options, std::string_view name, int if_absent = 0);

}  // namespace connector::core
