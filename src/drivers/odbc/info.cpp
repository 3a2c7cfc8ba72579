#include "drivers/odbc/info.hpp"

#include "core/remote/connection_parameters.hpp"

namespace connector::odbc {

namespace {

using core::ParameterInfo;

constexpr std::string_view one_of[] = {"driver", "dsn"};

constexpr ParameterInfo secret(std::string_view name) {
  return {.name = name, .description = "Secret of this name, as the driver takes it.", .secret = true};
}

// Keys that are not here are attributes of the driver. Those that are secrets are: what is masked, and what a user
// mapping may hold, goes by this list. The names are from the documentation of the drivers: Simba's (Databricks,
// BigQuery), Snowflake's, Microsoft's, Oracle's, IBM's.
constexpr ParameterInfo connection_parameters[] = {
    {.name = "driver", .description = "Name of the driver in odbcinst.ini; connector.odbc_drivers must allow it."},
    {.name = "dsn", .description = "Name of a data source in the server's odbc.ini, instead of a driver."},
    {.name = "server", .description = "Attribute Server of the driver: host name or address."},
    {.name = "port", .description = "Attribute Port of the driver.", .integer = true},
    {.name = "database", .description = "Attribute Database of the driver."},
    {.name = "username", .description = "Attribute UID of the driver."},
    {.name = "password", .description = "Attribute PWD of the driver.", .secret = true},
    core::connect_timeout_parameter,
    secret("token"),
    secret("accesstoken"),
    secret("auth_accesstoken"),
    secret("auth_refreshtoken"),
    secret("auth_client_secret"),
    secret("refreshtoken"),
    secret("clientsecret"),
    secret("oauth_client_secret"),
    secret("passcode"),
    secret("priv_key_file_pwd"),
    secret("priv_key_base64"),
    secret("apikey"),
    secret("keystoresecret"),
    secret("sslkeypassword"),
    secret("ssl_client_keystore_password"),
    secret("proxypwd"),
};

constexpr core::SubstitutionKind substitutions[] = {
    {.key = "rounded_times", .value = "sub-microsecond time", .became = "the nearest microsecond"},
};

constexpr core::ProviderInfo provider_info = {
    .id = "odbc",
    .name = "ODBC",
    .description = "Any database with a driver for unixODBC; the driver runs in a process of its own",
    .features = {.table_parts = false},
    .connection_parameters = connection_parameters,
    .parameters = {},
    .substitutions = substitutions,
    .connection_one_of = one_of,
    .other_connection_keys = true,
    .dials_by_itself = true,
};

}  // namespace

const core::ProviderInfo& info() noexcept {
  return provider_info;
}

}  // namespace connector::odbc
