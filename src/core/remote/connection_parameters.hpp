// Connection keys that mean the same to several providers.
#pragma once

#include <string_view>

#include "core/remote/connection_options.hpp"
#include "core/remote/provider.hpp"

namespace connector::core {

/// For every provider with TLS. `default_mode`: what a request without the key means.
constexpr ParameterInfo sslmode_parameter(std::string_view default_mode) {
  return {.name = "sslmode",
          .description = "Whether the connection is encrypted, and what is checked of the server's certificate.",
          .default_value = default_mode,
          .allowed_values = tls_mode_words.all()};
}

inline constexpr ParameterInfo sslrootcert_parameter = {
    .name = "sslrootcert",
    .description = "File of the trusted certificate authorities; default: those of the system.",
    .server_file = true};

inline constexpr ParameterInfo sslcert_parameter = {
    .name = "sslcert", .description = "File of the client's certificate.", .server_file = true};

inline constexpr ParameterInfo sslkey_parameter = {
    .name = "sslkey", .description = "File of the client certificate's key.", .server_file = true};

inline constexpr ParameterInfo connect_timeout_parameter = {
    .name = "connect_timeout",
    .description =
        "Seconds for resolving, connecting and logging in; default: the setting connector.connect_timeout, "
        "which only superusers may exceed.",
    .integer = true};

/// The hint of a connection that took longer than that.
inline constexpr std::string_view connect_timeout_hint =
    "Check that the server can be reached from here, or raise the setting connector.connect_timeout, and "
    "\"connect_timeout\" where \"connection\" has one.";

}  // namespace connector::core
