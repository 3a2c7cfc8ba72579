#include "jobs/login.hpp"

#include <algorithm>
#include <string>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "core/remote/registry.hpp"
#include "core/remote/secret_mask.hpp"
#include "core/request/connection_reader.hpp"
#include "pg/guard.hpp"
#include "reader/environment.hpp"
#include "reader/process.hpp"
#include "reader/providers.hpp"

namespace connector::jobs {

using core::ErrorNumber;

namespace {

/// Whether a part of the login that the provider needs is not there.
bool lacks_login(const core::ConnectorSpec& spec, const core::ProviderInfo& info) {
  return std::ranges::any_of(info.connection_parameters, [&](const core::ParameterInfo& parameter) {
    const bool is_login = parameter.name == "username" || parameter.secret;
    return is_login && parameter.required && !spec.connection.contains(parameter.name);
  });
}

/// The file beside PostgreSQL's own of that kind, in the data directory: empty after a restart, and in no backup.
constexpr const char* places_file = "pg_stat_tmp/connector_readers";

core::ReaderRules reader_rules(const settings::Settings& settings) {
  return {.program = reader::program_path(),
          .environment = reader::environment_list(settings.reader_environment),
          .memory_bytes = settings.reader_memory,
          .places_file = places_file,
          .most_processes = settings.max_reader_processes,
          .most_of_role = settings.max_readers_per_role,
          .role = GetUserId()};
}

void check_driver(const core::ConnectorSpec& spec) {
  const auto driver = spec.connection.find("driver");
  if (driver == spec.connection.end() || settings::odbc_driver_is_allowed(driver->second)) return;
  throw core::Error(ErrorNumber::connectors_disabled, "ODBC driver " + core::quoted(driver->second) + " is not allowed",
                    "The setting connector.odbc_drivers does not name it.",
                    "Ask an administrator to add it there; `odbcinst -q -d` lists the drivers of the server.")
      .with_parameter("connection.driver");
}

/// What an account of the remote lets in without a password, it lets the server's own account in, not the role.
void check_has_secret(const core::ConnectorSpec& spec, const core::ProviderInfo& info) {
  const auto given = [&](std::string_view name) {
    const auto found = spec.connection.find(name);
    return found != spec.connection.end() && !found->second.empty();
  };
  if (!given("username")) return;
  const bool has_secret = std::ranges::any_of(spec.connection, [&](const auto& option) {
    return !option.second.empty() && core::is_secret_option(info, option.first);
  });
  if (has_secret) return;
  throw core::Error(ErrorNumber::connectors_disabled, "a password is required",
                    "The user mapping has a username, and neither password nor another secret.",
                    "Set one in the user mapping: ALTER USER MAPPING ... OPTIONS (ADD password '...').")
      .with_parameter("connection.password");
}

}  // namespace

void check_dials_by_itself(const core::ConnectorSpec& spec, const core::ProviderInfo& info, bool superuser_gives) {
  if (!info.dials_by_itself) return;
  if (!superuser_gives) {
    throw core::Error(
        ErrorNumber::connectors_disabled,
        spec.foreign_server ? "foreign server " + core::quoted(*spec.foreign_server) + " must be a superuser's"
                            : "only superusers may give a connection of provider \"" + spec.provider + "\"",
        "Its drivers dial by themselves, with the rights of the database server.",
        "Have a superuser make a foreign server of the wrapper connector, and name that server as \"connection\".")
        .with_parameter("connection");
  }
  check_driver(spec);
}

store::RoleLimits check_provider_enabled(const std::string& id) {
  const store::RoleLimits role = store::role_limits(GetUserId(), id);
  const bool listed = settings::provider_is_enabled(id);
  if (listed && role.enabled) return role;
  throw core::Error(ErrorNumber::connectors_disabled,
                    "provider \"" + id + "\" is disabled" + (listed ? " for this role" : ""), {},
                    listed ? "Ask an administrator to change connector.role_limits."
                           : "Ask an administrator to add it to connector.enabled_providers.")
      .with_parameter("provider");
}

ServerConnection use_foreign_server(core::ConnectorSpec& spec, const core::Provider& provider) {
  ServerConnection connection = server_connection(*spec.foreign_server, spec.provider);
  spec.connection = connection.options;
  if (connection.mapping == InvalidOid && lacks_login(spec, provider.info())) {
    throw missing_mapping(*spec.foreign_server);
  }
  core::check_connection(spec, providers());
  check_dials_by_itself(spec, provider.info(), connection.superuser_owns);
  if (provider.info().dials_by_itself && !pg::guard([] { return superuser(); })) {
    check_has_secret(spec, provider.info());
  }
  return connection;
}

std::unique_ptr<core::Connection> connect(const core::Provider& provider, const core::ConnectorSpec& spec,
                                          const settings::Settings& settings, std::chrono::seconds statement_timeout,
                                          Trust trust, core::Wait& wait) {
  const core::AddressRules rules(settings.allowed_hosts, trust.trusted, settings.allow_local_addresses);
  const core::ConnectionOptions options = core::with_defaults(provider.info(), spec.connection);
  std::chrono::seconds connect_timeout = settings.connect_timeout;
  const auto asked = options.find("connect_timeout");
  if (asked != options.end()) {
    // A request may ask for less patience, and a superuser for more.
    const std::chrono::seconds wanted(std::stol(asked->second));
    if (wanted.count() > 0 && (trust.trusted || wanted < connect_timeout)) connect_timeout = wanted;
  }
  core::ConnectRequest request{options,     spec.session,    rules,
                               wait,        connect_timeout, statement_timeout,
                               "connector", trust.trusted,   trust.may_use_tickets};
  if (!provider.info().dials_by_itself) return provider.connect(request);
  const core::ReaderRules reader = reader_rules(settings);
  request.reader = &reader;
  return provider.connect(request);
}

}  // namespace connector::jobs
