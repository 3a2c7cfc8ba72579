#include "api/sync_run.hpp"

#include "api/import_run.hpp"
#include "api/request.hpp"
#include "api/settings.hpp"
#include "core/error.hpp"
#include "load/catalog.hpp"
#include "load/import.hpp"
#include "load/refresh.hpp"
#include "load/storage_log.hpp"
#include "pg/identity.hpp"
#include "pg/setting.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "sync/progress.hpp"
#include "sync/settle.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

namespace connector::api {

namespace {

using core::ErrorNumber;
using sync::RunResult;
using sync::Sync;

void first_run(Request& request, const Sync& sync, Oid caller, RunResult& result, load::Progress& progress) {
  const load::TargetSchema schema = load::find_target_schema(pg::utf8_text(std::string_view(sync.target_schema)));
  const ImportRun run = import_table(request, schema, caller, progress);
  if (run.target.outcome == load::NameChoice::Outcome::skip) {
    throw core::Error(ErrorNumber::skipped,
                      "relation \"" + pg::utf8_text(std::string_view(run.target.name)) + "\" already exists", {},
                      "A sync fills a table of its own: choose another \"import_as\" or \"collision_strategy\".");
  }
  load::ImportRecord record = describe_import(request, run, sync.item_queue_id).record;
  record.synchronization_id = sync.id;
  load::record_import(record, settings().keep_runs);
  result.way = "import";
  result.relation = run.result.table;
  result.rows = result.inserted = run.result.rows;
  result.bytes = run.result.bytes;
  result.layout = run.result.layout;
  result.position = run.result.position;
  const Json warnings = import_warnings(run.result);
  if (!warnings.is_null()) result.warnings = warnings.dump();
}

void next_run(Request& request, const Sync& sync, Oid caller, RunResult& result, load::Progress& progress) {
  const std::optional<std::string> checksum = sync.checksum.empty() ? std::nullopt : std::optional(sync.checksum);
  const load::RefreshRequest refresh{request.spec(), sync.relation, caller,       request.limits(),
                                     checksum,       sync.layout,   sync.position};
  const load::RefreshResult done = load::run_refresh(request.connect(), refresh, request.wait(), progress);
  result.way = load::refresh_way_name(done.way);
  result.reason = done.reason;
  result.relation = sync.relation;
  result.rows = done.load.rows;
  result.bytes = done.load.bytes;
  result.inserted = done.inserted;
  result.updated = done.updated;
  result.deleted = done.deleted;
  result.checksum = done.checksum;
  result.layout = done.load.layout;
  result.position = done.load.position;
  result.lock_ms = done.lock_ms;
  const Json warnings = import_warnings(done.load);
  if (!warnings.is_null()) result.warnings = warnings.dump();
}

/// What must hold before anything is contacted.
void check_runnable(const Sync& sync) {
  if (sync.owner != sync.requester) {
    throw core::Error(
        ErrorNumber::invalid_parameters, "the table of this sync has got another owner",
        "The request is that of its former owner.",
        "The new owner takes it over by cdb_sync_resume() or cdb_sync_now(), or gives another one: SELECT "
        "cdb_sync_update('" +
            sync.id + "', connector => '{…}').");
  }
  if (sync.secret_missing) {
    throw core::Error(ErrorNumber::invalid_parameters, "the password of this sync is missing",
                      "Passwords are no part of a dump, and they stay with the role that gave them when a table gets "
                      "another owner.",
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

void work(const Sync& sync, Transaction transaction, RunResult& result, load::Progress& progress) {
  const Oid caller = GetUserId();
  const pg::ActAs owner(sync.owner, SECURITY_LOCAL_USERID_CHANGE);
  pg::with_system_path([&] {
    check_runnable(sync);
    Request request(sync.request, core::RequestKind::sync);
    if (sync.relation == InvalidOid) {
      first_run(request, sync, caller, result, progress);
    } else {
      next_run(request, sync, caller, result, progress);
    }
    if (transaction == Transaction::own) {
      const pg::ActAs restricted(sync.owner, pg::flags_for_code_of(sync.owner, caller));
      fire_deferred_triggers();
    }
  });
}

}  // namespace

SyncRun run_sync(const Sync& sync, const std::string& log_id, Transaction transaction) {
  SyncRun run;
  RunResult result;
  sync::RunProgress progress(sync::shared::JobKind::sync, sync.id, sync.owner);
  WorkEnd end = do_work([&] {
    work(sync, transaction, result, progress);
    result.phase_ms = progress.phase_times();
    if (!sync::end_run(log_id, result, sync::now())) {
      throw core::Error(ErrorNumber::unknown, "the sync was deleted while it ran");
    }
  });
  progress.clear();
  if (end.failure) {
    load::forget_new_storage();  // its files went when the work was rolled back
    run.result.phase_ms = progress.phase_times();
    run.result.failure = std::move(end.failure);
    pg::in_subtransaction([&] { sync::end_run(log_id, run.result, sync::now()); });
  } else {
    run.result = std::move(result);
  }
  run.cancelled = std::move(end.cancelled);
  return run;
}

namespace {

/// The work went with the transaction, and so did this session's locks. False if somebody else was quicker to take the
/// run for lost.
bool record_failed_commit(const std::string& id, const std::string& log_id, const pg::PgError& error) {
  load::forget_new_storage();
  bool recorded = false;
  pg::in_subtransaction([&] {
    if (!sync::try_lock_run(id, sync::LockLife::session)) return;
    RunResult result;
    result.failure = failure_of(error);
    recorded = sync::end_run(log_id, result, sync::now());
  });
  return recorded;
}

}  // namespace

Attempt attempt_run(const std::string& id, Commit commit) {
  std::optional<Sync> found;
  std::string log_id;  // of the run, if there is one to be
  bool busy = true;
  const sync::Limits limits = sync_limits();
  pg::in_subtransaction([&] {
    if (!sync::try_lock_run(id, sync::LockLife::session)) return;
    found = sync::lock_sync(id, sync::RowLock::skip);
    const sync::Time now = sync::now();
    if (!found) return;
    busy = sync::is_due(*found, now);
    if (!busy) return;
    const int limit = sync::place_limit(found->owner, found->provider, limits);
    if (!sync::try_take_place(sync::PlaceOf::sync, found->owner, limit, sync::LockLife::session)) return;
    // The start is on record before the work begins, so a crash leaves a trace; the end comes with the work.
    log_id = sync::begin_run(*found, now);
  });
  commit();
  if (log_id.empty()) {
    sync::release_runs();
    return {busy ? sync::shared::JobEnd::busy : sync::shared::JobEnd::done, {}};
  }
  SyncRun run = run_sync(*found, log_id, Transaction::own);
  try {
    commit();
  } catch (const pg::PgError& error) {
    if (error.is_cancel()) run.cancelled = error;
    if (!record_failed_commit(id, log_id, error)) {
      sync::release_runs();
      return {sync::shared::JobEnd::done, run.cancelled, true};
    }
    commit();
  }
  pg::in_subtransaction([&] {
    // Where another session has the row locked, end_lost_runs() of whoever comes next does it.
    if (const std::optional<Sync> current = sync::lock_sync(id, sync::RowLock::skip))
      sync::settle_run(*current, limits);
  });
  commit();
  sync::release_runs();
  return {sync::shared::JobEnd::done, run.cancelled, true};
}

}  // namespace connector::api
