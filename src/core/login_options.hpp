// What the drivers read alike from the options of a connection.
#pragma once

#include <string>
#include <string_view>

#include "core/connector_spec.hpp"

namespace connector::core {

/// The `sslmode` parameter, in libpq's words.
enum class TlsMode {
  disable,      ///< plain text
  prefer,       ///< TLS if the server offers it, unverified
  require,      ///< TLS, unverified
  verify_ca,    ///< TLS, and the certificate's chain must be trusted
  verify_full,  ///< and the certificate must be made out to the server's name
};

/// The mode of a checked `sslmode`.
TlsMode tls_mode(std::string_view word) noexcept;

/// The value of an option; empty if it is not there.
std::string option(const ConnectionOptions& options, std::string_view name);

/// The value of a checked option that is a whole number.
int number_option(const ConnectionOptions& options, std::string_view name, int if_absent = 0);

}  // namespace connector::core
