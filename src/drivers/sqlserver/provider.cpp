#include "drivers/sqlserver/provider.hpp"

#include "core/remote/connection_parameters.hpp"
#include "drivers/sqlserver/connect.hpp"
#include "drivers/sqlserver/connection.hpp"
#include "drivers/sqlserver/freetds/library.hpp"
#include "drivers/sqlserver/login.hpp"

namespace connector::sqlserver {

namespace {

using core::ParameterInfo;

constexpr std::string_view tds_versions[] = {"7.1", "7.2", "7.3", "7.4"};
constexpr std::string_view intents[] = {"ReadOnly", "ReadWrite"};
constexpr std::string_view booleans[] = {"false", "true"};

constexpr ParameterInfo connection_parameters[] = {
    {.name = "server",
     .description = "Host name or address of the server, with \"\\instance\" or \":port\" if need be.",
     .required = true,
     .with_port = true},
    {.name = "port", .description = "TCP port of the server.", .default_value = "1433", .integer = true},
    {.name = "database",
     .description = "Database to connect to, and first part of the table's name.",
     .required = true},
    {.name = "username", .description = "Login, or DOMAIN\\user for NTLM.", .required = true},
    {.name = "password", .description = "Password of the login.", .required = true, .secret = true},
    core::sslmode_parameter("prefer"),
    core::sslrootcert_parameter,
    core::connect_timeout_parameter,
    {.name = "tds_version",
     .description = "Version of the protocol to begin with.",
     .default_value = "7.4",
     .allowed_values = tds_versions},
    {.name = "application_intent",
     .description = "\"ReadOnly\" lets an availability group send the connection to a secondary replica.",
     .default_value = "ReadWrite",
     .allowed_values = intents},
    {.name = "snapshot_readers",
     .description =
         "Whether several connections may read the parts of a table, each in a snapshot that begins while the "
         "table is locked against changes. Nobody has tried it on SQL Server yet.",
     .default_value = "false",
     .allowed_values = booleans},
};

constexpr core::ProviderInfo provider_info = {
    .id = "sqlserver",
    .name = "Microsoft SQL Server",
    .description = "SQL Server from 2012 on, Azure SQL, and servers that speak TDS",
    .features = {},
    .connection_parameters = connection_parameters,
    .parameters = {},
};

class SqlServerProvider final : public core::Provider {
 public:
  const core::ProviderInfo& info() const noexcept override { return provider_info; }

  std::string library_version() const override { return sqlserver::library_version(); }

  std::unique_ptr<core::Connection> connect(const core::ConnectRequest& request) const override {
    const Login login = read_login(request);
    return std::make_unique<SqlServerConnection>(sqlserver::connect(request, login), login.database,
                                                 login.snapshot_readers);
  }
};

}  // namespace

const core::Provider& provider() {
  static const SqlServerProvider instance;
  return instance;
}

}  // namespace connector::sqlserver
