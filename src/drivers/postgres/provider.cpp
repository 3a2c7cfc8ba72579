#include "drivers/postgres/provider.hpp"

#include <libpq-fe.h>

#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/connection.hpp"
#include "drivers/postgres/login.hpp"

namespace connector::postgres {

namespace {

using core::ParameterInfo;

constexpr std::string_view tls_modes[] = {"disable", "prefer", "require", "verify-ca", "verify-full"};

constexpr ParameterInfo connection_parameters[] = {
    {.name = "server", .description = "Host name or address of the server.", .required = true},
    {.name = "port", .description = "TCP port of the server.", .default_value = "5432", .integer = true},
    {.name = "database", .description = "Database to connect to.", .required = true},
    {.name = "username", .description = "Role to log in as.", .required = true},
    {.name = "password",
     .description = "Password of the role; only superusers may do without, and it must be what the server asks for.",
     .secret = true},
    {.name = "sslmode",
     .description = "Whether the connection is encrypted, and what is checked of the server's certificate.",
     .default_value = "require",
     .allowed_values = tls_modes},
    {.name = "sslrootcert",
     .description = "File of the trusted certificate authorities; default: those of the system.",
     .server_file = true},
    {.name = "sslcert", .description = "File of the client's certificate.", .server_file = true},
    {.name = "sslkey", .description = "File of the client certificate's key.", .server_file = true},
    {.name = "connect_timeout",
     .description = "Seconds to wait for the connection, at most the setting connector.connect_timeout.",
     .integer = true},
};

constexpr core::ProviderInfo provider_info = {
    .id = "postgres",
    .name = "PostgreSQL",
    .description = "PostgreSQL from 9.3 on",
    .features = {},
    .connection_parameters = connection_parameters,
    .parameters = {},
};

class PostgresProvider final : public core::Provider {
 public:
  const core::ProviderInfo& info() const noexcept override { return provider_info; }

  std::string library_version() const override {
    const int version = PQlibVersion();
    return "libpq " + std::to_string(version / 10000) + '.' + std::to_string(version % 10000);
  }

  std::unique_ptr<core::Connection> connect(const core::ConnectRequest& request) const override {
    return std::make_unique<PostgresConnection>(postgres::connect(request, read_login(request)));
  }
};

}  // namespace

const core::Provider& provider() {
  static const PostgresProvider instance;
  return instance;
}

}  // namespace connector::postgres
