// Who may use a provider, what a foreign server says of the connection, and the connection: what requests and foreign
// tables have in common.
#pragma once

#include "pg/postgres.hpp"

#include <memory>

#include "core/net/wait.hpp"
#include "core/remote/provider.hpp"
#include "core/request/connector_spec.hpp"
#include "jobs/foreign_server.hpp"
#include "settings/settings.hpp"
#include "store/role_limits.hpp"

namespace connector::jobs {

/// Throws Error (connectors_disabled) if the provider is disabled for all or for the current role; else gives the
/// role's limits.
store::RoleLimits check_provider_enabled(const std::string& id);

/// Fills spec.connection from spec.foreign_server and the current role's user mapping, and checks it. Throws what
/// server_connection() throws, and Error (invalid_parameters) if a login is missing, or what is there can't be used.
ServerConnection use_foreign_server(core::ConnectorSpec& spec, const core::Provider& provider);

/// Where the provider's library dials by itself: throws Error (connectors_disabled) unless a superuser gives the
/// connection, in the request or on a foreign server, with a driver that connector.odbc_drivers names.
void check_dials_by_itself(const core::ConnectorSpec& spec, const core::ProviderInfo& info, bool superuser_gives);

/// What the caller of a connection may use: see core::ConnectRequest.
struct Trust {
  bool trusted = false;
  bool may_use_tickets = false;
};

/// Connects, as the settings and the connection's own options say. `wait` outlives the connection.
/// `statement_timeout`: for the remote session; 0 = none.
std::unique_ptr<core::Connection> connect(const core::Provider& provider, const core::ConnectorSpec& spec,
                                          const settings::Settings& settings, std::chrono::seconds statement_timeout,
                                          Trust trust, core::Wait& wait);

}  // namespace connector::jobs
