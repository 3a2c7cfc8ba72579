#include "drivers/mysql/provider.hpp"

#include "core/remote/connection_parameters.hpp"
#include "drivers/mysql/connect.hpp"
#include "drivers/mysql/connection.hpp"
#include "drivers/mysql/library.hpp"
#include "drivers/mysql/login.hpp"

namespace connector::mysql {

namespace {

using core::ParameterInfo;

constexpr std::string_view booleans[] = {"true", "false"};
constexpr std::string_view zero_date_policies[] = {"null", "error"};
constexpr std::string_view tinyint1_types[] = {"smallint", "boolean"};

constexpr ParameterInfo connection_parameters[] = {
    {.name = "server", .description = "Host name or address of the server.", .required = true},
    {.name = "port", .description = "TCP port of the server.", .default_value = "3306", .integer = true},
    {.name = "database", .description = "Database to connect to, and default of \"schema\"."},
    {.name = "username", .description = "Account to log in with.", .required = true},
    {.name = "password", .description = "Password of the account.", .secret = true},
    core::sslmode_parameter("prefer"),
    core::sslrootcert_parameter,
    core::sslcert_parameter,
    core::sslkey_parameter,
    core::connect_timeout_parameter,
    {.name = "compression",
     .description = "Whether the traffic is compressed.",
     .default_value = "false",
     .allowed_values = booleans},
};

constexpr ParameterInfo parameters[] = {
    {.name = "zero_dates",
     .description = "What becomes of dates like 0000-00-00 and 2020-00-10: \"null\", or an \"error\".",
     .default_value = "null",
     .allowed_values = zero_date_policies},
    {.name = "tinyint1",
     .description = "What tinyint(1) becomes: \"smallint\", or \"boolean\", where every number but 0 is true.",
     .default_value = "smallint",
     .allowed_values = tinyint1_types},
};

constexpr core::SubstitutionKind substitutions[] = {
    {.key = "zero_dates", .value = "zero date", .became = "NULL"},  // in the order of Substitution
    {.key = "tinyint1", .value = "tinyint(1) value", .became = "true, being neither 0 nor 1"},
};

constexpr core::ProviderInfo provider_info = {
    .id = "mysql",
    .name = "MySQL",
    .description = "MySQL and MariaDB",
    .features = {},
    .connection_parameters = connection_parameters,
    .parameters = parameters,
    .substitutions = substitutions,
};

class MysqlProvider final : public core::Provider {
 public:
  const core::ProviderInfo& info() const noexcept override { return provider_info; }
  std::string library_version() const override { return mysql::library_version(); }

  std::unique_ptr<core::Connection> connect(const core::ConnectRequest& request) const override {
    const Login login = read_login(request);
    return std::make_unique<MysqlConnection>(mysql::connect(request, login), login.database);
  }
};

}  // namespace

const core::Provider& provider() {
  static const MysqlProvider instance;
  return instance;
}

}  // namespace connector::mysql
