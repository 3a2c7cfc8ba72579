#include "drivers/postgres/provider.hpp"

#include <libpq-fe.h>

#include "core/remote/connection_parameters.hpp"
#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/connection.hpp"
#include "drivers/postgres/read_login.hpp"

namespace connector::postgres {

namespace {

using core::ParameterInfo;

constexpr ParameterInfo connection_parameters[] = {
    {.name = "server", .description = "Host name or address of the server.", .required = true},
    {.name = "port", .description = "TCP port of the server.", .default_value = "5432", .integer = true},
    {.name = "database", .description = "Database to connect to.", .required = true},
    {.name = "username", .description = "Role to log in as.", .required = true},
    {.name = "password",
     .description = "Password of the role; only superusers may do without, and it must be what the server asks for.",
     .secret = true},
    core::sslmode_parameter("require"),
    core::sslrootcert_parameter,
    core::sslcert_parameter,
    core::sslkey_parameter,
    core::connect_timeout_parameter,
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
