#include "api/sync_run.hpp"

#include <new>
#include <random>

#include "api/import_run.hpp"
#include "api/request.hpp"
#include "api/settings.hpp"
#include "core/error.hpp"
#include "load/catalog.hpp"
#include "load/import.hpp"
#include "pg/identity.hpp"
#include "pg/search_path.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_class.h"
#include "utils/acl.h"
#include "utils/lsyscache.h"
}

namespace connector::api {

namespace {

using core::ErrorNumber;
using sync::Failure;
using sync::RunResult;
using sync::Sync;

bool is_permanent(ErrorNumber number) {
  switch (number) {
    case ErrorNumber::invalid_parameters:
    case ErrorNumber::connectors_disabled:
    case ErrorNumber::bad_name:
    case ErrorNumber::skipped:
    case ErrorNumber::too_many_columns:
    case ErrorNumber::duplicated_column:
      return true;
    default:
      return false;
  }
}

/// Local errors that stay until somebody acts: a right that was revoked, a server, schema or type that was dropped.
bool is_permanent(int sqlerrcode) {
  return sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE || sqlerrcode == ERRCODE_UNDEFINED_OBJECT ||
         sqlerrcode == ERRCODE_UNDEFINED_SCHEMA;
}

Failure failure_of(const core::Error& error) {
  return {
      static_cast<int>(error.number()), std::string(error.sqlstate()), error.message(), error.detail(), error.hint(),
      is_permanent(error.number())};
}

/// PostgreSQL's texts are in the database's encoding.
Failure failure_of(const pg::PgError& error, ErrorNumber number) {
  const auto text = [](const std::optional<std::string>& field) {
    return field ? pg::utf8_text(std::string_view(*field)) : std::string();
  };
  const pg::ErrorFields& fields = error.fields();
  return {static_cast<int>(number), unpack_sql_state(fields.sqlerrcode), text(fields.message), text(fields.detail),
          text(fields.hint),        is_permanent(fields.sqlerrcode)};
}

bool is_cancel(const pg::PgError& error) {
  return ERRCODE_TO_CATEGORY(error.sqlerrcode()) == ERRCODE_TO_CATEGORY(ERRCODE_OPERATOR_INTERVENTION);
}

/// The table of the sync as an import's target.
struct Table {
  load::TargetSchema schema;
  std::string name;
};

Table table_of(Oid relation) {
  const Oid schema = pg::guard([=] { return get_rel_namespace(relation); });
  const char* schema_name = pg::guard([=] { return get_namespace_name(schema); });
  const char* name = pg::guard([=] { return get_rel_name(relation); });
  if (schema_name == nullptr || name == nullptr) {
    throw core::Error(ErrorNumber::cannot_load, "the table of the sync was dropped");
  }
  return {{schema, schema_name}, name};
}

void first_run(Request& request, const Sync& sync, RunResult& result) {
  const load::TargetSchema schema = load::find_target_schema(pg::utf8_text(std::string_view(sync.target_schema)));
  load::NoProgress progress;
  const ImportRun run = import_table(request, schema, progress);
  if (run.target.outcome == load::NameChoice::Outcome::skip) {
    throw core::Error(ErrorNumber::skipped,
                      "relation \"" + pg::utf8_text(std::string_view(run.target.name)) + "\" already exists", {},
                      "A sync fills a table of its own: choose another \"import_as\" or \"collision_strategy\".");
  }
  load::ImportRecord record = describe_import(request, run, sync.item_queue_id).record;
  record.synchronization_id = sync.id;
  load::record_import(record, settings().keep_runs);
  result.way = "import";
  result.relation = pg::guard([&] { return get_relname_relid(run.target.name.c_str(), schema.oid); });
  result.rows = result.inserted = run.result.rows;
  result.bytes = run.result.bytes;
  result.layout = run.result.layout;
  const Json warnings = import_warnings(run.result);
  if (!warnings.is_null()) result.warnings = warnings.dump();
}

void next_run(Request& request, const Sync& sync, RunResult& result) {
  const Table table = table_of(sync.relation);
  const load::NameChoice target{load::NameChoice::Outcome::overwrite, table.name, sync.relation};
  core::Connection& connection = request.connect();
  load::NoProgress progress;
  const load::ImportResult loaded =
      load::run_import(connection, request.spec(), table.schema, target, request.limits(), request.wait(), progress);
  result.way = "rewrite";
  result.relation = sync.relation;
  result.rows = result.inserted = loaded.rows;
  result.bytes = loaded.bytes;
  result.layout = loaded.layout;
  const Json warnings = import_warnings(loaded);
  if (!warnings.is_null()) result.warnings = warnings.dump();
}

/// What must hold before anything is contacted.
void check_runnable(const Sync& sync) {
  if (sync.secret_missing) {
    throw core::Error(ErrorNumber::invalid_parameters, "the password of this sync is missing",
                      "Passwords are no part of a dump, and this sync was restored from one.",
                      "Give the request again: SELECT cdb_sync_update('" + sync.id + "', connector => '{…}').");
  }
  if (sync.relation != InvalidOid && !sync.relation_exists) {
    throw core::Error(ErrorNumber::connectors_disabled, "the table of this sync was dropped", {},
                      "cdb_sync_delete() ends the sync; cdb_sync_now() or cdb_sync_resume() imports into a new table.");
  }
  const load::RoleLimits role = load::role_limits(GetUserId(), sync.provider);
  if (role.max_syncs == 0) {
    throw core::Error(ErrorNumber::connectors_disabled,
                      "this role may not sync with provider \"" + sync.provider + "\"", {},
                      "Ask an administrator to change connector.role_limits.");
  }
}

void work(const Sync& sync, RunResult& result) {
  const pg::ActAs owner(sync.owner, SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
  pg::with_system_path([&] {
    check_runnable(sync);
    Request request(sync.request, core::RequestKind::sync);
    if (sync.relation == InvalidOid) {
      first_run(request, sync, result);
    } else {
      next_run(request, sync, result);
    }
  });
}

double random_fraction() {
  static std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

/// The first run is an import too, and this is how that ended. Texts of the record are in the database's encoding.
void record_failed_import(const Sync& sync, const sync::RunRecord& run) {
  load::ImportRecord record;
  record.item_queue_id = sync.item_queue_id;
  record.synchronization_id = sync.id;
  record.provider = sync.provider;
  record.request = sync.masked;
  record.state = "failure";
  record.schema = pg::utf8_text(std::string_view(sync.target_schema));
  record.error_code = run.error_code;
  record.error_message = pg::utf8_text(std::string_view(run.error_message));
  const pg::ActAs owner(sync.owner, SECURITY_LOCAL_USERID_CHANGE);
  load::record_import(record, settings().keep_runs);
}

Failure lost_run() {
  return failure_of(core::Error(ErrorNumber::worker_lost, "the run was lost",
                                "The process that worked on it ended before the work did: a restart, a crash or a "
                                "termination.",
                                "It is tried again."));
}

}  // namespace

SyncRun run_sync(const Sync& sync) {
  SyncRun run;
  RunResult result;
  try {
    pg::in_subtransaction([&] {
      try {
        work(sync, result);
      } catch (const core::Interrupted&) {
        // Here, so that the request to stop is answered, and what comes next may wait again.
        pg::guard([] { CHECK_FOR_INTERRUPTS(); });
        throw;
      }
    });
    run.result = std::move(result);
  } catch (const core::Error& error) {
    run.result.failure = failure_of(error);
  } catch (const pg::PgError& error) {
    run.result.failure = failure_of(error, is_cancel(error) ? ErrorNumber::unknown : ErrorNumber::cannot_load);
    if (is_cancel(error)) run.cancelled = error;
  } catch (const std::bad_alloc&) {
    run.result.failure = {static_cast<int>(ErrorNumber::unknown), "53200", "out of memory", "", "", false};
  }
  return run;
}

void settle_run(const std::string& id) {
  const std::optional<Sync> sync = sync::lock_sync(id);
  if (!sync || !sync->log_id) return;  // deleted meanwhile
  std::optional<sync::RunRecord> run = sync::find_run(*sync->log_id);
  if (run && !run->ended) {
    RunResult lost;
    lost.failure = lost_run();
    sync::end_run(*sync->log_id, lost, sync::now());
    run = sync::find_run(*sync->log_id);
  }
  sync::RunEnd end = sync::RunEnd::success;
  if (!run || run->failed) end = run && run->permanent ? sync::RunEnd::permanent_failure : sync::RunEnd::failure;
  if (run && run->failed && sync->relation == InvalidOid) record_failed_import(*sync, *run);
  const sync::Schedule next =
      sync::after_run(sync->schedule, end, sync::now(), settings().max_retries, random_fraction());
  sync::settle(*sync, *sync->log_id, next, settings().keep_runs);
}

bool end_if_lost(Sync& sync) {
  if (sync.schedule.state != sync::State::syncing) return true;
  if (!sync::try_lock_run(sync.id, sync::LockLife::transaction)) return false;
  settle_run(sync.id);
  const std::optional<Sync> current = sync::lock_sync(sync.id);
  if (current) sync = *current;
  return true;
}

void end_lost_runs(Oid role) {
  for (const std::string& id : sync::syncing_syncs(role)) {
    std::optional<Sync> sync = sync::lock_sync(id);
    if (sync) end_if_lost(*sync);
  }
}

bool take_run_place(const Sync& sync, sync::LockLife life) {
  const load::RoleLimits role = load::role_limits(sync.owner, sync.provider);
  const int limit = role.max_syncs.value_or(settings().max_syncs_per_role);
  // A role that may not sync at all is told so by the run.
  return (role.max_syncs == 0) || sync::try_take_place(sync.owner, limit, life);
}

}  // namespace connector::api
