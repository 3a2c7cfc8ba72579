#include "jobs/sync_run.hpp"

#include "jobs/after_run.hpp"
#include "jobs/as_owner.hpp"
#include "jobs/import_run.hpp"
#include "jobs/request.hpp"
#include "settings/settings.hpp"
#include "core/base/error.hpp"
#include "store/imports.hpp"
#include "store/role_limits.hpp"
#include "load/refresh/import.hpp"
#include "load/refresh/refresh.hpp"
#include "load/swap/storage_log.hpp"
#include "pg/identity.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "jobs/progress.hpp"
#include "jobs/sync_table.hpp"
#include "jobs/conclusion.hpp"
#include "jobs/login_gate.hpp"
#include "core/request/connector_reader.hpp"
#include "jobs/import_result.hpp"
#include "jobs/stop.hpp"
#include "load/refresh/refresh_mode.hpp"

extern "C" {
#include "utils/lsyscache.h"
}

namespace connector::jobs {

namespace {

using core::ErrorNumber;
using store::RunResult;
using store::Sync;

void first_run(Request& request, const Sync& sync, Oid caller, RunResult& result, load::Progress& progress) {
  const load::TargetSchema schema = load::find_target_schema(pg::utf8_text(sync.target_schema));
  const ImportRun run = import_table(request, schema, caller, progress);
  if (run.target.outcome == load::NameChoice::Outcome::skip) {
    throw core::Error(ErrorNumber::skipped, "relation \"" + pg::utf8_text(run.target.name) + "\" already exists", {},
                      "A sync fills a table of its own: choose another \"import_as\" or \"collision_strategy\".");
  }
  store::ImportRecord record = import_record(request, run, sync.item_queue_id);
  record.synchronization_id = sync.id;
  store::record_import(record, settings::current().keep_runs);
  result.mode = "import";
  result.relation = run.result.table;
  result.rows = run.result.rows;
  result.inserted = run.result.inserted;
  result.updated = run.result.updated;
  result.deleted = run.result.deleted;
  result.bytes = run.result.bytes;
  result.layout = run.result.layout;
  result.position = run.result.position;
  result.warnings = import_warnings(run.result);
}

void next_run(Request& request, const Sync& sync, Oid caller, RunResult& result, load::Progress& progress) {
  const std::optional<std::string> checksum = sync.checksum.empty() ? std::nullopt : std::optional(sync.checksum);
  load::ComparedBefore compared;
  if (request.spec().sync && request.spec().sync->compare == core::Compare::ranges) {
    compared = {.state = store::kept_ranges(sync.id), .request = sync.request.masked};
  }
  const load::RefreshResult done = load::run_refresh(request.run(caller, progress), {.relation = sync.relation,
                                                                                     .checksum = checksum,
                                                                                     .layout = sync.layout,
                                                                                     .position = sync.position,
                                                                                     .compared = std::move(compared)});
  result.mode = load::refresh_mode_name(done.mode);
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
  result.ranges = done.ranges;
  result.ranges_compared = done.ranges_compared;
  result.ranges_read = done.ranges_read;
  result.lock_ms = done.lock_ms;
  result.schema_changes = schema_changes_text(done.schema_changes);
  result.warnings = import_warnings(done.load);
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
}

void work(const Sync& sync, Transaction transaction, SyncRun& run, RunResult& result, load::Progress& progress) {
  const Oid caller = GetUserId();
  as_owner(sync.owner, [&] {
    check_runnable(sync);
    Request request(sync.request, core::RequestKind::sync);
    check_may_sync(request.spec().provider);
    run.login = request.login(sync.owner);
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

LiveTexts live_texts(const Sync& sync) {
  TableNames names = table_names(sync);
  return {sync.texts.server, sync.texts.source, std::move(names.schema), std::move(names.table)};
}

}  // namespace

void check_may_sync(const std::string& provider) {
  if (store::role_limits(GetUserId(), provider).max_syncs != 0) return;
  throw core::Error(ErrorNumber::connectors_disabled, "this role may not sync with provider \"" + provider + "\"", {},
                    "Ask an administrator to change connector.role_limits.");
}

SyncRun run_sync(const Sync& sync, const std::string& log_id, Transaction transaction) {
  SyncRun run;
  RunResult result;
  jobs::RunProgress progress(shmem::JobKind::sync, sync.id, sync.owner, sync.relation, live_texts(sync));
  WorkEnd end = do_work(sync.owner, [&] {
    work(sync, transaction, run, result, progress);
    result.phase_ms = progress.phase_times();
    if (!store::end_run(log_id, result, store::now())) {
      throw core::Error(ErrorNumber::unknown, "the sync was deleted while it ran");
    }
  });
  const bool stopped = end_stoppable(sync.id);
  if (end.failure) {
    load::forget_new_storage();  // its files went when the work was rolled back
    run.result.phase_ms = progress.phase_times();
    run.result.failure = std::move(end.failure);
    // One that a person asked for is an attempt of its own, not one of several at the same time.
    const bool asked = sync.schedule.state == schedule::State::queued;
    if (run.result.failure->denied_login && run.login) note_denied(*run.result.failure, *run.login, asked);
    pg::in_subtransaction([&] { store::end_run(log_id, run.result, store::now()); });
  } else {
    run.result = std::move(result);
  }
  // Who stopped this run did not mean the CALL that goes on with others'. In a transaction of the caller's the work has
  // not happened unless the cancel is raised.
  if (!stopped || transaction == Transaction::of_caller) run.cancelled = std::move(end.cancelled);
  return run;
}

namespace {

/// The work went with the transaction, and so did this session's locks. False if somebody else was quicker to take the
/// run for lost.
bool record_failed_commit(const std::string& id, const std::string& log_id, store::Failure failure) {
  load::forget_new_storage();
  bool recorded = false;
  pg::in_subtransaction([&] {
    if (!jobs::try_lock_run(id, jobs::LockLife::session)) return;
    RunResult result;
    result.failure = std::move(failure);
    recorded = store::end_run(log_id, result, store::now());
  });
  return recorded;
}

/// The run of a sync whose login is denied, or was.
SyncRun run_gated(const Sync& sync, const std::string& log_id, const LoginGate& gate, Commit commit) {
  SyncRun run;
  if (gate.state == LoginGate::State::held) {
    run.result.failure = held_failure(gate);
  } else if (WorkEnd end = try_login(sync); end.failure) {
    run.result.failure = std::move(end.failure);
    run.cancelled = std::move(end.cancelled);
    if (run.result.failure->denied_login) note_denied(*run.result.failure, gate.login, true);
  } else {
    // For all to see, before a run that may take its time.
    note_login(gate.login);
    commit();
    return run_sync(sync, log_id, Transaction::own);
  }
  store::end_run(log_id, run.result, store::now());
  return run;
}

/// As the run before it, it is seen in connector.progress, and can be cancelled by cdb_sync_cancel().
StatementEnd run_visible_statement(const Sync& sync, const store::Statement& statement, Commit commit) {
  RunProgress progress(shmem::JobKind::sync, sync.id, sync.owner, sync.relation, live_texts(sync));
  progress.phase(load::RunPhase::statement);
  return run_statement(statement, commit);
}

}  // namespace

Attempt attempt_run(const std::string& id, Commit commit) {
  std::optional<Sync> found;
  std::string log_id;  // of the run, if there is one to be
  LoginGate gate;
  bool busy = true;
  const settings::RunLimits limits = settings::run_limits();
  pg::in_subtransaction([&] {
    if (!jobs::try_lock_run(id, jobs::LockLife::session)) return;
    found = store::lock_sync(id, store::RowLock::skip);
    const schedule::Time now = store::now();
    if (!found) return;
    busy = store::is_due(*found, now);
    if (!busy) return;
    const int limit = jobs::place_limit(found->owner, found->provider, limits);
    if (!jobs::try_take_place(jobs::PlaceOf::sync, found->owner, limit, jobs::LockLife::session)) return;
    // A person who asks wants it tried now.
    if (found->schedule.state != schedule::State::queued) gate = look_at_login(*found, now);
    // The start is on record before the work begins, so a crash leaves a trace; the end comes with the work.
    log_id = store::begin_run(*found, now);
  });
  commit();
  if (log_id.empty()) {
    jobs::release_runs();
    return {busy ? shmem::JobEnd::busy : shmem::JobEnd::done, {}};
  }
  const bool open = gate.state == LoginGate::State::open;
  SyncRun run = open ? run_sync(*found, log_id, Transaction::own) : run_gated(*found, log_id, gate, commit);
  try {
    commit();
  } catch (const pg::PgError& error) {
    if (error.is_cancel()) run.cancelled = error;
    // What the work failed of says more than what its end left behind, as a lost connection of postgres_fdw's.
    if (!record_failed_commit(id, log_id, run.result.failure ? *run.result.failure : failure_of(error))) {
      jobs::release_runs();
      return {shmem::JobEnd::done, run.cancelled, true};
    }
    commit();
  }
  std::optional<store::Statement> statement;
  pg::in_subtransaction([&] {
    // Where another session has the row locked, end_lost_runs() of whoever comes next does it.
    if (const std::optional<Sync> current = store::lock_sync(id, store::RowLock::skip))
      jobs::conclude_run(*current, limits);
    if (!run.result.failure && run.login) note_login(*run.login);
    statement = store::statement_after(log_id);
  });
  commit();
  // Within the run's locks: of one sync no two statements run at once.
  const StatementEnd end = statement ? run_visible_statement(*found, *statement, commit) : StatementEnd();
  jobs::release_runs();
  return {shmem::JobEnd::done, run.cancelled ? run.cancelled : end.cancelled, true};
}

}  // namespace connector::jobs
