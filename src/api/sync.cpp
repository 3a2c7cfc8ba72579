// cdb_sync_connector() and the functions that look at and change a sync.
#include "pg/postgres.hpp"

#include <cmath>
#include <string>

#include "api/json.hpp"
#include "api/own_sync.hpp"
#include "jobs/request.hpp"
#include "settings/settings.hpp"
#include "jobs/sync_run.hpp"
#include "core/base/error.hpp"
#include "pg/relation.hpp"
#include "pg/uuid.hpp"
#include "store/imports.hpp"
#include "store/role_limits.hpp"
#include "load/table/target_table.hpp"
#include "pg/entry.hpp"
#include "pg/notice.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "jobs/run_lock.hpp"
#include "jobs/conclusion.hpp"
#include "shmem/shared.hpp"
#include "store/runs.hpp"
#include "store/syncs.hpp"
#include "core/request/connector_reader.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "datatype/timestamp.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
}

using connector::api::id_argument;
using connector::api::Json;
using connector::api::json_datum;
using connector::api::no_such_sync;
using connector::api::own_sync;
using connector::core::Error;
using connector::core::ErrorNumber;
using connector::jobs::Request;
using connector::jobs::SyncRun;
using connector::store::Sync;

namespace core = connector::core;
namespace load = connector::load;
namespace pg = connector::pg;
namespace jobs = connector::jobs;
namespace schedule = connector::schedule;
namespace settings = connector::settings;
namespace shmem = connector::shmem;
namespace store = connector::store;

namespace {

using std::chrono::seconds;

constexpr seconds default_interval{3600};
constexpr seconds longest_interval{100LL * 366 * 24 * 3600};

/// As EXTRACT(EPOCH …) counts, whole seconds.
std::int64_t interval_seconds(const Interval& interval) {
  const int years = interval.month / 12;
  const double days = years * 365.25 + (interval.month % 12) * 30.0 + interval.day;
  return static_cast<std::int64_t>(days * 86400.0 + static_cast<double>(interval.time) / 1e6);
}

Datum read_interval(const std::string& text) {
  const std::string server = pg::exact_server_text(text);
  try {
    return pg::guard([&] {
      return DirectFunctionCall3(interval_in, CStringGetDatum(server.c_str()), ObjectIdGetDatum(InvalidOid),
                                 Int32GetDatum(-1));
    });
  } catch (const pg::PgError&) {
    throw Error(ErrorNumber::invalid_parameters, "invalid connector parameters",
                "Key \"interval\" must be a number of seconds or the text of an interval.");
  }
}

seconds checked_interval(Datum interval) {
  const seconds asked(interval_seconds(*DatumGetIntervalP(interval)));
  const seconds minimum = settings::current().min_sync_interval;
  if (asked < minimum) {
    throw Error(ErrorNumber::invalid_parameters,
                "sync interval must be at least " + std::to_string(minimum.count()) + " seconds",
                "It is " + std::to_string(asked.count()) + " seconds.");
  }
  if (asked > longest_interval) {
    throw Error(ErrorNumber::invalid_parameters, "sync interval must be at most 100 years");
  }
  return asked;
}

/// The argument, else what the wrapped form of the JSON has.
std::optional<seconds> asked_interval(FunctionCallInfo fcinfo, int argument, const core::ConnectorSpec* spec) {
  if (!fcinfo->args[argument].isnull) return checked_interval(fcinfo->args[argument].value);
  if (spec != nullptr && spec->interval) return checked_interval(read_interval(*spec->interval));
  return std::nullopt;
}

void require_writable(const char* function) {
  pg::guard([=] { PreventCommandIfReadOnly(function); });
}

// The attributes of the seeds in their order, and a few more behind them.
constexpr const char* status_query =
    "SELECT json_build_object("
    "'data_import', json_build_object('endpoint', '/api/v1/imports', 'item_queue_id', s.item_queue_id), "
    "'id', s.id, 'name', s.table_name, 'interval', extract(epoch FROM s.\"interval\")::bigint, 'url', NULL, "
    "'state', s.state, 'user_id', s.role_name, 'created_at', to_char(s.created_at AT TIME ZONE 'UTC', $2), "
    "'updated_at', to_char(s.updated_at AT TIME ZONE 'UTC', $2), 'run_at', to_char(s.run_at AT TIME ZONE 'UTC', $2), "
    "'ran_at', to_char(s.ran_at AT TIME ZONE 'UTC', $2), 'modified_at', NULL, 'etag', NULL, 'checksum', s.checksum, "
    "'log_id', s.log_id, 'error_code', s.error_code, 'error_message', s.error_message, "
    "'retried_times', s.retried_times, 'service_name', 'connector', 'service_item_id', s.request::text, "
    "'type_guessing', true, 'quoted_fields_guessing', true, 'content_guessing', false, 'visualization_id', NULL, "
    "'from_external_source', false, 'schema', s.schema, 'paused', s.paused)::text "
    "FROM connector.syncs s WHERE s.id = $1";

Datum status(const std::string& id, pg::Sees sees = pg::Sees::present) {
  const pg::SqlRows rows =
      pg::catalog_query(status_query, {{UUIDOID, id}, {TEXTOID, "YYYY-MM-DD\"T\"HH24:MI:SS\"+00:00\""}}, sees);
  if (rows.empty()) throw no_such_sync(id);
  return pg::text_datum(pg::utf8_text(*rows[0][0]));
}

void announce_first_run(const Request& request, const store::NewSync& created) {
  store::ImportRecord record;
  record.item_queue_id = created.item_queue_id;
  record.synchronization_id = created.id;
  record.provider = created.provider;
  record.request = request.masked();
  record.state = store::ImportState::enqueued;
  record.schema = pg::utf8_text(created.target_schema);
  store::announce_import(record);
}

/// A dropped table is asked for again: by the one who calls, never by the clock.
void forget_dropped_table(Sync& found) {
  if (found.relation == InvalidOid || found.relation_exists) return;
  store::forget_relation(found.id);
  found.relation = InvalidOid;
}

/// Whoever owns the table asks for runs of his own request. What he can't have is the former owner's password.
void make_own(Sync& found) {
  if (found.requester == found.owner) return;
  store::take_over(found);
  found = *store::lock_sync(found.id);
}

void check_number_of_syncs() {
  const int limit = settings::current().max_stored_syncs_per_role;
  if (limit == 0 || !store::has_syncs(GetUserId(), limit)) return;
  throw Error(ErrorNumber::too_many_concurrent, "this role has " + std::to_string(limit) + " syncs already", {},
              "Delete some with cdb_sync_delete(), or have connector.max_stored_syncs_per_role raised.");
}

Json run_answer(const std::string& id, bool enqueued) {
  return {{"enqueued", enqueued}, {"synchronization_id", id}};
}

/// Runs the sync in the caller's transaction. A failure is recorded and told, not raised: it would undo the record.
Json run_here(Sync& found) {
  if (!jobs::try_lock_run(found.id, jobs::LockLife::transaction)) return run_answer(found.id, false);
  jobs::end_if_lost(found, settings::run_limits());
  const int limit = jobs::place_limit(found.owner, found.provider, settings::run_limits());
  if (!jobs::try_take_place(jobs::PlaceOf::sync, found.owner, limit, jobs::LockLife::transaction)) {
    throw Error(ErrorNumber::too_many_concurrent, "this role already runs as many syncs as it may", {},
                "Wait for one of them to end, or have connector.max_syncs_per_role raised.");
  }
  found.schedule = schedule::after_request(found.schedule, store::now());
  store::save_request(found.id, found.schedule);
  const std::string log_id = store::begin_run(found, store::now());
  const SyncRun run = connector::jobs::run_sync(found, log_id, connector::jobs::Transaction::of_caller);
  if (run.cancelled) throw pg::PgError(*run.cancelled);
  if (const std::optional<Sync> current = store::lock_sync(found.id))
    jobs::conclude_run(*current, settings::run_limits());
  shmem::wake_at_commit();  // its next time has changed
  Json answer = run_answer(found.id, true);
  answer["state"] = store::state_name(run.result.failure ? schedule::State::failure : schedule::State::success);
  if (run.result.failure) {
    answer["error_code"] = run.result.failure->number;
    answer["error_message"] = run.result.failure->message;
    pg::warning("the sync failed: " + run.result.failure->message, run.result.failure->detail);
  }
  return answer;
}

Json run_later(Sync& found) {
  if (!jobs::end_if_lost(found, settings::run_limits())) return run_answer(found.id, false);
  store::save_request(found.id, schedule::after_request(found.schedule, store::now()));
  shmem::wake_at_commit();
  return run_answer(found.id, true);
}

}  // namespace

CONNECTOR_FUNCTION(connector_sync_create) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  const Request request(PG_GETARG_DATUM(0), core::RequestKind::sync);
  const seconds interval = asked_interval(fcinfo, 1, &request.spec()).value_or(default_interval);
  require_writable("cdb_sync_connector()");
  const store::RoleLimits role = store::role_limits(GetUserId(), request.spec().provider);
  if (role.max_syncs == 0) {
    throw Error(ErrorNumber::connectors_disabled,
                "this role may not sync with provider \"" + request.spec().provider + "\"", {},
                "Ask an administrator to change connector.role_limits.");
  }
  check_number_of_syncs();
  const load::TargetSchema schema = load::find_target_schema(request.spec().target_schema);
  if (pg::guard([&] { return isAnyTempNamespace(schema.oid); })) {
    throw Error(ErrorNumber::invalid_parameters, "a sync can't fill a temporary table", {},
                "Other sessions run it: choose another schema with \"target_schema\".");
  }
  const store::NewSync created{pg::new_uuid(),
                               pg::new_uuid(),
                               GetUserId(),
                               request.spec().provider,
                               request.stored(),
                               schema.name,
                               std::max(interval, settings::current().min_sync_interval)};
  store::create_sync(created, store::now());
  announce_first_run(request, created);
  if (!shmem::available()) {
    pg::notice("nothing runs this sync by itself",
               "The built-in scheduler needs connector in shared_preload_libraries. CALL cdb_run_due_syncs() runs what "
               "is due, for example from pg_cron.");
  }
  shmem::wake_at_commit();
  return status(created.id);
}

CONNECTOR_FUNCTION(connector_sync_status) {
  return status(id_argument(fcinfo), pg::Sees::callers_snapshot);
}

CONNECTOR_FUNCTION(connector_sync_now) {
  const bool wait = PG_GETARG_BOOL(1);
  require_writable("cdb_sync_now()");
  Sync found = own_sync(id_argument(fcinfo));
  make_own(found);
  forget_dropped_table(found);
  return json_datum(wait ? run_here(found) : run_later(found));
}

CONNECTOR_FUNCTION(connector_sync_update) {
  if (PG_ARGISNULL(0)) PG_RETURN_NULL();
  require_writable("cdb_sync_update()");
  std::optional<Request> request;
  if (!PG_ARGISNULL(2)) request.emplace(PG_GETARG_DATUM(2), core::RequestKind::sync, jobs::Masks::kept);
  const std::optional<seconds> interval = asked_interval(fcinfo, 1, request ? &request->spec() : nullptr);
  Sync found = own_sync(id_argument(fcinfo));
  jobs::end_if_lost(found, settings::run_limits());
  make_own(found);
  forget_dropped_table(found);
  if (request) {
    request->keep_secrets(found.request);  // which are the owner's: others were forgotten just now
    store::save_connector(found.id, request->spec().provider, request->stored());
  }
  store::save_schedule(
      found.id, schedule::after_change(found.schedule, interval.value_or(found.schedule.interval), store::now()));
  shmem::wake_at_commit();
  return status(found.id);
}

CONNECTOR_FUNCTION(connector_sync_pause) {
  require_writable("cdb_sync_pause()");
  const Sync found = own_sync(id_argument(fcinfo));
  store::save_paused(found.id, true);
  return status(found.id);
}

CONNECTOR_FUNCTION(connector_sync_resume) {
  require_writable("cdb_sync_resume()");
  Sync found = own_sync(id_argument(fcinfo));
  jobs::end_if_lost(found, settings::run_limits());
  make_own(found);
  forget_dropped_table(found);
  store::save_paused(found.id, false);
  store::save_schedule(found.id, schedule::after_change(found.schedule, found.schedule.interval, store::now()));
  shmem::wake_at_commit();
  return status(found.id);
}

CONNECTOR_FUNCTION(connector_sync_delete) {
  require_writable("cdb_sync_delete()");
  const std::string id = own_sync(id_argument(fcinfo)).id;
  const bool running = !jobs::try_lock_run(id, jobs::LockLife::transaction);
  store::delete_sync(id);
  if (running && !shmem::stop_at_commit(id)) {
    pg::notice("a session runs this sync right now", "Nothing of that run will be kept.");
  }
  PG_RETURN_VOID();
}
