#include "jobs/request.hpp"

#include <algorithm>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "load/table/new_distribution.hpp"
#include "reader/providers.hpp"
#include "jobs/foreign_server.hpp"
#include "jobs/login.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/statement_secrets.hpp"
#include "pg/text.hpp"
#include "core/request/connector_reader.hpp"
#include "core/request/kept_secrets.hpp"
#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"

extern "C" {
#include "access/detoast.h"
#include "utils/memutils.h"
}

namespace connector::jobs {

using core::ErrorNumber;

namespace {

core::Deadline run_deadline(const settings::Settings& settings) {
  if (settings.statement_timeout.count() == 0) return core::no_deadline;
  return std::chrono::steady_clock::now() + settings.statement_timeout;
}

/// Files of the database server are named by superusers only: through a foreign server, whose options they set.
void check_server_files(const core::ConnectorSpec& spec, const core::ProviderInfo& info) {
  std::string names;
  std::string first;
  for (const core::ParameterInfo& parameter : info.connection_parameters) {
    if (!parameter.server_file || !spec.connection.contains(parameter.name)) continue;
    core::add_item(names, core::quoted(parameter.name));
    if (first.empty()) first = parameter.name;
  }
  if (names.empty()) return;
  throw core::Error(ErrorNumber::connectors_disabled,
                    "only superusers may name files of the database server in a connection",
                    "The connection has " + names + ".",
                    "Have a superuser set them on a foreign server of the wrapper connector, and name that server as "
                    "\"connection\".")
      .with_parameter("connection." + first);
}

/// In the words of errors, which tell what the remote does.
core::Phase phase_of(const load::Progress& progress) {
  switch (progress.present_phase()) {
    case load::RunPhase::connecting:
      return core::Phase::connect;
    case load::RunPhase::describing:
      return core::Phase::describe;
    case load::RunPhase::loading:
      return progress.loaded_rows() == 0 ? core::Phase::execute : core::Phase::fetch;
    default:
      return core::Phase::load;
  }
}

core::ConnectorSpec parsed(std::string_view json, core::RequestKind kind) {
  return core::parse_connector(json, kind, providers(), server_provider);
}

}  // namespace

std::string request_text(Datum json) {
  core::check_json_length(pg::guard([=] { return toast_raw_datum_size(json) - VARHDRSZ; }));
  return pg::datum_text(json);
}

Request::Request(core::RequestKind kind, bool trusted)
    : settings_(settings::current()),
      kind_(kind),
      trusted_(trusted),
      may_use_tickets_(trusted),
      wait_(run_deadline(settings_), settings_.read_timeout),
      connection_(TopTransactionContext) {}

Request::Request(Datum json, core::RequestKind kind, Masks masks)
    : Request(kind, pg::guard([] { return superuser(); })) {
  try {
    const std::string text = request_text(json);
    spec_ = parsed(text, kind);
    core::MaskedConnector masked = core::mask_connector(text, providers());
    pg::hide_in_statement(text, masked);
    stored_ = {std::move(masked.text), std::move(masked.secrets), trusted_};
  } catch (...) {
    // Which part of it is a password can't be told.
    pg::hide_in_statement();
    throw;
  }
  if (masks == Masks::refused) core::refuse_masks(stored_);
  if (kind == core::RequestKind::import && spec_.interval) {
    pg::notice("\"interval\" is passed over: this is one import", {}, "Use cdb_sync_connector().");
  }
  check_rights();
}

Request::Request(const core::StoredRequest& stored, core::RequestKind kind)
    : Request(kind, stored.trusted && pg::guard([] { return superuser(); })) {
  stored_ = stored;
  spec_ = parsed(core::whole_connector(stored), kind);
  check_rights();
}

void Request::keep_secrets(const core::StoredRequest& kept) {
  // What is stored may be readable no more, its foreign server dropped: that matters only to who wants to keep it.
  if (!core::has_masks(stored_)) return;
  const core::ConnectorSpec kept_spec = parsed(core::whole_connector(kept), kind_);
  stored_ = core::keep_secrets({stored_, spec_}, {kept, kept_spec}, provider_->info());
}

void Request::check_rights() {
  provider_ = providers().find(spec_.provider);
  resolve_connection();
  role_max_rows_ = check_provider_enabled(spec_.provider).max_rows;
  load::check_citus(spec_);
}

void Request::resolve_connection() {
  if (spec_.foreign_server) {
    const ServerConnection connection = use_foreign_server(spec_, *provider_);
    may_use_tickets_ = trusted_ || connection.superuser_owns;
    mapping_ = connection.mapping;
    mapping_version_ = connection.mapping_version;
  } else {
    check_wrapper_usage();
    if (!trusted_) check_server_files(spec_, provider_->info());
    check_dials_by_itself(spec_, provider_->info(), trusted_);
  }
}

store::Login Request::login(Oid role) const {
  const core::ConnectionOptions options = core::with_defaults(provider_->info(), spec_.connection);
  const auto value = [&](const char* key) {
    const auto found = options.find(key);
    return found == options.end() ? std::string() : found->second;
  };
  store::Login login;
  login.mapping = mapping_;
  login.mapping_version = mapping_version_;
  if (mapping_ == InvalidOid) login.role = role;
  login.provider = spec_.provider;
  login.server = value("server");
  if (provider_->info().dials_by_itself) {
    // What tells servers apart is the driver's affair.
    for (const char* key : {"driver", "dsn", "database"}) core::add_item(login.server, value(key), "/");
  }
  login.port = value("port");
  login.username = value("username");
  return login;
}

load::LoadLimits Request::limits() const {
  load::LoadLimits limits;
  limits.max_rows = role_max_rows_ > 0 ? role_max_rows_ : settings_.max_rows;
  const std::int64_t asked = spec_.max_rows.value_or(0);
  if (asked > 0 && (limits.max_rows == 0 || asked < limits.max_rows)) limits.max_rows = asked;
  limits.max_columns = settings_.max_columns;
  limits.batch_bytes = settings_.batch_bytes;
  limits.range_rows = settings_.range_rows;
  return limits;
}

core::Connection& Request::connect() {
  if (!wait_.tells_point())
    wait_.tell_point([this] { return core::RunPoint{spec_.provider, core::Phase::connect, 0}; });
  connection_.set(new_connection(wait_));
  return *connection_;
}

std::unique_ptr<core::Connection> Request::new_connection(core::Wait& wait) const {
  return jobs::connect(*provider_, spec_, settings_, settings_.statement_timeout, {trusted_, may_use_tickets_}, wait);
}

load::Run Request::run(Oid caller, load::Progress& progress) {
  const auto point = [this, &progress] {
    return core::RunPoint{spec_.provider, phase_of(progress), progress.loaded_rows()};
  };
  wait_.tell_point(point);
  readers_.emplace(load::ReaderTerms{.asked = spec_.readers,
                                     .allowed = settings_.max_readers,
                                     .connect = [this](core::Wait& wait) { return new_connection(wait); },
                                     .read_timeout = settings_.read_timeout,
                                     .point = point});
  return {spec_, provider_->info(), connect(), limits(), wait_, progress, *readers_, caller};
}

}  // namespace connector::jobs
