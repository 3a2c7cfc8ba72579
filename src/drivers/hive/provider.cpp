#include "drivers/hive/provider.hpp"

#include <thrift/config.h>

#include "core/remote/connection_parameters.hpp"
#include "drivers/hive/connect.hpp"
#include "drivers/hive/connection.hpp"
#include "drivers/hive/login.hpp"

namespace connector::hive {

namespace {

using core::ParameterInfo;

constexpr std::string_view authentications[] = {"plain", "nosasl", "ldap", "kerberos"};
constexpr std::string_view transports[] = {"binary", "http"};

/// Settings whose values are words, numbers and names of queues. Any other may hold a key or a password.
constexpr std::string_view harmless_settings[] = {
    "hive.auto.convert.join",
    "hive.cbo.enable",
    "hive.exec.parallel",
    "hive.execution.engine",
    "hive.fetch.task.conversion",
    "hive.query.timeout.seconds",
    "hive.resultset.use.unique.column.names",
    "hive.server2.idle.operation.timeout",
    "hive.server2.thrift.resultset.default.fetch.size",
    "hive.vectorized.execution.enabled",
    "mapred.job.queue.name",
    "mapreduce.job.queuename",
    "spark.sql.shuffle.partitions",
    "spark.yarn.queue",
    "tez.queue.name",
};

constexpr ParameterInfo connection_parameters[] = {
    {.name = "server", .description = "Host name or address of the server.", .required = true},
    {.name = "port",
     .description = "TCP port of the server; of its HTTP endpoint, often 10001, where \"transport\" is \"http\".",
     .default_value = "10000",
     .integer = true},
    {.name = "database", .description = "Database of the session, and default of \"schema\"; else \"default\"."},
    {.name = "username", .description = "Account to log in with."},
    {.name = "password", .description = "Password of the account.", .secret = true},
    {.name = "auth",
     .description = "How the server authenticates (hive.server2.authentication): \"plain\" for NONE, CUSTOM and PAM.",
     .default_value = "plain",
     .allowed_values = authentications},
    {.name = "transport",
     .description = "How the server is spoken to (hive.server2.transport.mode).",
     .default_value = "binary",
     .allowed_values = transports},
    {.name = "http_path",
     .description = "Path of the HTTP endpoint (hive.server2.thrift.http.path).",
     .default_value = "cliservice"},
    {.name = "kerberos_service_name",
     .description = "First part of the server's Kerberos principal; the second is \"server\".",
     .default_value = "hive"},
    {.name = "session",
     .description = "Settings of the remote session, by name.",
     .object = true,
     .shown_members = harmless_settings},
    core::sslmode_parameter("disable"),
    core::sslrootcert_parameter,
    core::sslcert_parameter,
    core::sslkey_parameter,
    core::connect_timeout_parameter,
};

constexpr core::SubstitutionKind substitutions[] = {
    {.key = "nested_text", .value = "value", .became = "text, as what the remote printed is no JSON"},
};

constexpr core::ProviderInfo provider_info = {
    .id = "hive",
    .name = "Hive",
    .description = "HiveServer2, and what speaks its protocol: Spark's Thrift server, Kyuubi, Impala",
    .features = {.table_parts = false},
    .connection_parameters = connection_parameters,
    .parameters = {},
    .substitutions = substitutions,
};

class HiveProvider final : public core::Provider {
 public:
  const core::ProviderInfo& info() const noexcept override { return provider_info; }
  std::string library_version() const override { return "Apache Thrift " PACKAGE_VERSION; }

  std::unique_ptr<core::Connection> connect(const core::ConnectRequest& request) const override {
    return std::make_unique<HiveConnection>(hive::connect(request, read_login(request)));
  }
};

}  // namespace

const core::Provider& provider() {
  static const HiveProvider instance;
  return instance;
}

}  // namespace connector::hive
