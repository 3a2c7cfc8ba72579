// Providers that only describe themselves, for tests of requests.
#pragma once

#include <stdexcept>

#include "core/remote/registry.hpp"

namespace connector::core::testing {

class FakeProvider : public Provider {
 public:
  explicit FakeProvider(const ProviderInfo& info) : info_(info) {}
  const ProviderInfo& info() const noexcept override { return info_; }
  std::string library_version() const override { return "fake 1.0"; }
  std::unique_ptr<Connection> connect(const ConnectRequest&) const override {
    throw std::logic_error("a fake provider has no connections");
  }

 private:
  ProviderInfo info_;
};

/// "mysql" and "odbc" resemble the real ones, "vault" requires a password and a hidden parameter of its own, "hive" has
/// session settings, and "sqlserver" is known but was left out of the build.
inline const Registry& fake_registry() {
  static constexpr std::string_view booleans[] = {"false", "true"};
  static constexpr std::string_view zero_dates[] = {"null", "error"};
  static constexpr std::string_view tls_modes[] = {"disable", "prefer", "require"};
  static constexpr std::string_view driver_or_dsn[] = {"driver", "dsn"};
  static constexpr std::string_view harmless_settings[] = {"tez.queue.name"};
  static constexpr ParameterInfo mysql_connection[] = {
      {.name = "server", .description = "", .required = true},
      {.name = "port", .description = "", .default_value = "3306", .integer = true},
      {.name = "database", .description = ""},
      {.name = "username", .description = "", .required = true},
      {.name = "password", .description = "", .secret = true},
      {.name = "sslmode", .description = "", .default_value = "prefer", .allowed_values = tls_modes},
      {.name = "connect_timeout", .description = "", .integer = true},
      {.name = "compression", .description = "", .default_value = "false", .allowed_values = booleans},
  };
  static constexpr ParameterInfo mysql_parameters[] = {
      {.name = "zero_dates", .description = "", .default_value = "null", .allowed_values = zero_dates},
  };
  static constexpr ParameterInfo vault_connection[] = {
      {.name = "server", .description = "", .required = true},
      {.name = "password", .description = "", .required = true, .secret = true},
  };
  static constexpr ParameterInfo vault_parameters[] = {
      {.name = "unlock", .description = "", .required = true, .secret = true},
      {.name = "depth", .description = "", .integer = true},
  };
  static constexpr ParameterInfo hive_connection[] = {
      {.name = "server", .description = "", .required = true},
      {.name = "password", .description = "", .secret = true},
      {.name = "session", .description = "", .object = true, .shown_members = harmless_settings},
  };
  static constexpr ParameterInfo odbc_connection[] = {
      {.name = "driver", .description = ""},
      {.name = "dsn", .description = ""},
      {.name = "password", .description = "", .secret = true},
  };
  static const FakeProvider mysql({.id = "mysql",
                                   .name = "MySQL",
                                   .description = "",
                                   .features = {},
                                   .connection_parameters = mysql_connection,
                                   .parameters = mysql_parameters});
  static const FakeProvider vault({.id = "vault",
                                   .name = "Vault",
                                   .description = "",
                                   .features = {},
                                   .connection_parameters = vault_connection,
                                   .parameters = vault_parameters});
  static const FakeProvider hive({.id = "hive",
                                  .name = "Hive",
                                  .description = "",
                                  .features = {},
                                  .connection_parameters = hive_connection,
                                  .parameters = {}});
  static const FakeProvider odbc({.id = "odbc",
                                  .name = "ODBC",
                                  .description = "",
                                  .features = {},
                                  .connection_parameters = odbc_connection,
                                  .parameters = {},
                                  .connection_one_of = driver_or_dsn,
                                  .other_connection_keys = true});
  static const Registry registry({{"mysql", "MySQL", &mysql},
                                  {"sqlserver", "Microsoft SQL Server", nullptr},
                                  {"vault", "Vault", &vault},
                                  {"hive", "Hive", &hive},
                                  {"odbc", "ODBC", &odbc}});
  return registry;
}

}  // namespace connector::core::testing
