#include "jobs/login.hpp"

#include <algorithm>
#include <string>

#include "core/base/error.hpp"
#include "core/remote/registry.hpp"
#include "core/request/connection_reader.hpp"
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

}  // namespace

store::RoleLimits check_provider_enabled(const std::string& id) {
  const store::RoleLimits role = store::role_limits(GetUserId(), id);
  const bool listed = settings::provider_is_enabled(id);
  if (listed && role.enabled) return role;
  throw core::Error(ErrorNumber::connectors_disabled,
                    "provider \"" + id + "\" is disabled" + (listed ? " for this role" : ""), {},
                    listed ? "Ask an administrator to change connector.role_limits."
                           : "Ask an administrator to add it to connector.enabled_providers.");
}

ServerConnection use_foreign_server(core::ConnectorSpec& spec, const core::Provider& provider) {
  ServerConnection connection = server_connection(*spec.foreign_server, spec.provider);
  spec.connection = connection.options;
  if (connection.mapping == InvalidOid && lacks_login(spec, provider.info())) {
    throw missing_mapping(*spec.foreign_server);
  }
  core::check_connection(spec, providers());
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
  return provider.connect({options, spec.session, rules, wait, connect_timeout, statement_timeout, "connector",
                           trust.trusted, trust.may_use_tickets});
}

}  // namespace connector::jobs
