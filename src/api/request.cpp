#include "api/request.hpp"

#include <algorithm>
#include <vector>

#include "core/error.hpp"
#include "drivers/providers.hpp"
#include "fdw/servers.hpp"
#include "load/catalog.hpp"
#include "pg/statement_secrets.hpp"
#include "pg/text.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace connector::api {

using core::ErrorNumber;

namespace {

core::Deadline run_deadline(const Settings& settings) {
  if (settings.statement_timeout.count() == 0) return core::no_deadline;
  return std::chrono::steady_clock::now() + settings.statement_timeout;
}

/// Files of the database server are named by superusers only: through a foreign server, whose options they set.
void check_server_files(const core::ConnectorSpec& spec, const core::ProviderInfo& info) {
  if (superuser()) return;
  std::string names;
  for (const core::ParameterInfo& parameter : info.connection_parameters) {
    if (!parameter.server_file || !spec.connection.contains(parameter.name)) continue;
    names += (names.empty() ? "\"" : ", \"") + std::string(parameter.name) + "\"";
  }
  if (names.empty()) return;
  throw core::Error(ErrorNumber::connectors_disabled,
                    "only superusers may name files of the database server in a connection",
                    "The connection has " + names + ".",
                    "Have a superuser set them on a foreign server of the wrapper connector, and name that server as "
                    "\"connection\".");
}

}  // namespace

Request::Request(Datum json, core::RequestKind kind) : Request(pg::utf8_text(json), kind) {}

Request::Request(const std::string& text, core::RequestKind kind)
    : settings_(settings()), wait_(run_deadline(settings_)), connection_(TopTransactionContext) {
  // Best effort: an unreadable request is refused right behind this anyway.
  pg::hide_in_statement(core::secret_texts(text, providers()));
  spec_ = core::parse_connector(text, kind, providers());
  masked_ = core::masked_connector(text, providers());
  provider_ = providers().find(spec_.provider);
  resolve_connection();
  check_provider_enabled();
}

void Request::resolve_connection() {
  if (spec_.foreign_server) {
    spec_.connection = fdw::server_connection(*spec_.foreign_server, spec_.provider);
    core::check_connection(spec_, providers());
  } else {
    fdw::check_wrapper_usage();
    check_server_files(spec_, provider_->info());
  }
}

void Request::check_provider_enabled() {
  const std::string id = spec_.provider;
  const load::RoleLimits role = load::role_limits(GetUserId(), id);
  role_max_rows_ = role.max_rows;
  const bool listed = provider_is_enabled(id);
  if (listed && role.enabled) return;
  throw core::Error(ErrorNumber::connectors_disabled,
                    "provider \"" + id + "\" is disabled" + (listed ? " for this role" : ""), {},
                    listed ? "Ask an administrator to change connector.role_limits."
                           : "Ask an administrator to add it to connector.enabled_providers.");
}

load::ImportLimits Request::limits() const {
  load::ImportLimits limits;
  limits.max_rows = role_max_rows_ > 0 ? role_max_rows_ : settings_.max_rows;
  const std::int64_t asked = spec_.max_rows.value_or(0);
  if (asked > 0 && (limits.max_rows == 0 || asked < limits.max_rows)) limits.max_rows = asked;
  limits.max_columns = settings_.max_columns;
  limits.batch_bytes = settings_.batch_bytes;
  return limits;
}

core::Connection& Request::connect() {
  const core::AddressRules rules(settings_.allowed_hosts, superuser());
  const core::ConnectionOptions options = core::with_defaults(provider_->info(), spec_.connection);
  std::chrono::seconds connect_timeout = settings_.connect_timeout;
  const auto asked = options.find("connect_timeout");
  if (asked != options.end()) {
    // A request may ask for less patience, and a superuser for more.
    const std::chrono::seconds wanted(std::stol(asked->second));
    if (wanted.count() > 0 && (superuser() || wanted < connect_timeout)) connect_timeout = wanted;
  }
  const core::ConnectRequest request{
      options, spec_.session, rules, wait_, connect_timeout, settings_.statement_timeout, "connector", superuser()};
  connection_.set(provider_->connect(request));
  return *connection_;
}

}  // namespace connector::api
