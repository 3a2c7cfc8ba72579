// The functions that run and change a sync.
#include "pg/postgres.hpp"

#include <chrono>
#include <optional>
#include <string>

#include "api/json.hpp"
#include "api/own_sync.hpp"
#include "api/sync_change.hpp"
#include "api/sync_interval.hpp"
#include "api/sync_status.hpp"
#include "core/base/error.hpp"
#include "core/request/connector_reader.hpp"
#include "jobs/after_run.hpp"
#include "jobs/conclusion.hpp"
#include "jobs/login_gate.hpp"
#include "jobs/request.hpp"
#include "jobs/run_lock.hpp"
#include "jobs/sync_run.hpp"
#include "pg/entry.hpp"
#include "pg/notice.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "pg/time_limit.hpp"
#include "settings/settings.hpp"
#include "shmem/shared.hpp"
#include "store/runs.hpp"
#include "store/syncs.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/snapmgr.h"
}

namespace api = connector::api;
namespace core = connector::core;
namespace pg = connector::pg;
namespace jobs = connector::jobs;
namespace schedule = connector::schedule;
namespace settings = connector::settings;
namespace shmem = connector::shmem;
namespace store = connector::store;

using connector::api::Json;
using connector::api::json_datum;
using connector::core::Error;
using connector::core::ErrorNumber;
using connector::jobs::Request;
using connector::jobs::SyncRun;
using connector::store::Sync;

namespace {

Json run_answer(const std::string& id, bool enqueued) {
  return {{"enqueued", enqueued}, {"synchronization_id", id}};
}

/// No second run begins beside the first: says so.
void tell_that_one_goes_on(const char* detail = "This call has begun none, and has not waited for it.") {
  pg::notice("a run of this sync goes on already", detail,
             "The view connector.progress shows it; call cdb_sync_now() again when it has ended.");
}

/// Whether this transaction can wait for a run that goes on elsewhere: that must not wait for it in turn, as for what
/// it has written or locked, and what that writes must be seen here afterwards.
bool can_wait_for_run() {
  return !pg::guard([] { return IsolationUsesXactSnapshot() || TransactionIdIsValid(GetTopTransactionIdIfAny()); }) &&
         !store::holds_locks();
}

/// Takes the right to run the sync here, before its row is locked, which a run that goes on elsewhere writes at its
/// end. Waits for that end where it can, as long as a run may take. Code of a run that goes on here has the right
/// already. Says what there is to say and gives false if it has not got it.
bool take_run(const std::string& id) {
  api::check_own_sync(id);
  if (jobs::try_lock_run(id, jobs::LockLife::transaction)) return true;
  if (!can_wait_for_run()) {
    tell_that_one_goes_on();
    return false;
  }
  pg::notice("a run of this sync goes on already", "This call waits for its end, and then runs the sync once more.");
  const pg::TimeLimit limit(settings::current().statement_timeout);
  try {
    pg::in_subtransaction([&] { jobs::lock_run(id); });
  } catch (const pg::PgError& error) {
    if (!error.is_cancel() || !limit.passed()) throw;
    tell_that_one_goes_on("This call has waited as long as connector.statement_timeout allows, and has begun none.");
    return false;
  }
  return true;
}

/// What becomes of a failure of a run in the caller's transaction.
enum class FailureIs {
  recorded,  ///< and told by a WARNING
  raised     ///< which rolls the record back with all else
};

[[noreturn]] void raise_failure(const store::Failure& failure) {
  pg::ErrorFields fields;
  fields.sqlerrcode = pg::sqlstate_code(failure.sqlstate);
  fields.message = pg::server_text("the sync failed: " + failure.message);
  if (!failure.detail.empty()) fields.detail = pg::server_text(failure.detail);
  if (!failure.hint.empty()) fields.hint = pg::server_text(failure.hint);
  throw pg::PgError(std::move(fields));
}

/// Runs the sync in the caller's transaction, which has the right to.
Json run_here(Sync& found, FailureIs failure_is) {
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
  if (run.result.failure && failure_is == FailureIs::raised) raise_failure(*run.result.failure);
  if (const std::optional<Sync> current = store::lock_sync(found.id))
    jobs::conclude_run(*current, settings::run_limits());
  if (!run.result.failure && run.login) jobs::note_login(*run.login);
  const jobs::StatementEnd statement = jobs::run_statement_here(store::statement_after(log_id));
  if (statement.cancelled) throw pg::PgError(*statement.cancelled);
  shmem::wake_at_commit();  // its next time has changed
  Json answer = run_answer(found.id, true);
  answer["state"] = store::state_name(run.result.failure ? schedule::State::failure : schedule::State::success);
  if (run.result.failure) {
    answer["error_code"] = run.result.failure->number;
    answer["error_message"] = run.result.failure->message;
    pg::warning("the sync failed: " + run.result.failure->message, run.result.failure->detail,
                run.result.failure->hint);
  }
  if (statement.error) answer["statement_error"] = *statement.error;
  return answer;
}

Json run_later(Sync& found) {
  store::save_request(found.id, schedule::after_request(found.schedule, store::now()));
  shmem::wake_at_commit();
  return run_answer(found.id, true);
}

bool flag_argument(FunctionCallInfo fcinfo, int argument, const char* name) {
  api::require_argument(fcinfo, argument, name);
  return DatumGetBool(fcinfo->args[argument].value);
}

Datum run_now(FunctionCallInfo fcinfo, const std::string& id) {
  const bool wait = flag_argument(fcinfo, 1, "wait");
  const FailureIs failure_is = flag_argument(fcinfo, 2, "raise") ? FailureIs::raised : FailureIs::recorded;
  if (failure_is == FailureIs::raised && !wait) {
    throw Error(ErrorNumber::invalid_parameters, "raise needs wait", {},
                "A run in the background has no caller who could get its error: add wait => true.");
  }
  api::require_writable("cdb_sync_now()");
  if (wait && !take_run(id)) return json_datum(run_answer(id, false));
  // What an administrator has changed during a wait counts, as limits of roles do.
  pg::guard([] { PushActiveSnapshot(GetTransactionSnapshot()); });
  Sync found = api::own_sync(id);
  api::make_own(found);
  api::forget_dropped_table(found);
  Json answer;
  if (!jobs::end_if_lost(found, settings::run_limits())) {
    tell_that_one_goes_on();
    answer = run_answer(found.id, false);
  } else {
    answer = wait ? run_here(found, failure_is) : run_later(found);
  }
  pg::guard([] { PopActiveSnapshot(); });
  return json_datum(answer);
}

Datum update(FunctionCallInfo fcinfo, const std::string& id) {
  api::require_writable("cdb_sync_update()");
  std::optional<Request> request;
  if (!PG_ARGISNULL(2)) request.emplace(PG_GETARG_DATUM(2), core::RequestKind::sync, jobs::Masks::kept);
  const std::optional<std::chrono::seconds> interval =
      api::asked_interval(fcinfo, 1, request ? &request->spec() : nullptr);
  Sync found = api::own_sync(id);
  api::change_sync(found, interval, request ? &*request : nullptr, api::optional_text(fcinfo, 3));
  return api::sync_status(found.id);
}

Datum pause(const std::string& id) {
  api::require_writable("cdb_sync_pause()");
  const Sync found = api::own_sync(id);
  store::save_paused(found.id, true);
  if (found.schedule.state == schedule::State::syncing && !jobs::try_lock_run(found.id, jobs::LockLife::transaction)) {
    pg::notice("the sync is paused, but a run of it goes on", {},
               "SELECT cdb_sync_cancel('" + found.id + "') ends that.");
  }
  return api::sync_status(found.id);
}

Datum resume(const std::string& id) {
  api::require_writable("cdb_sync_resume()");
  Sync found = api::own_sync(id);
  store::save_paused(found.id, false);
  api::change_sync(found, std::nullopt, nullptr, std::nullopt);
  return api::sync_status(found.id);
}

Datum delete_sync(const std::string& id) {
  api::require_writable("cdb_sync_delete()");
  const Sync found = api::own_sync(id);
  const bool running = !jobs::try_lock_run(found.id, jobs::LockLife::transaction);
  store::delete_sync(found.id);
  shmem::wake_at_commit();  // its first run may have been the last one that a batch waited for
  if (running && !shmem::stop_at_commit(found.id)) {
    pg::notice("a session runs this sync right now", "Nothing of that run will be kept.",
               "cdb_sync_cancel() ends one, as long as the sync is there.");
  }
  return Datum{0};
}

}  // namespace

CONNECTOR_FUNCTION(connector_sync_now) {
  return run_now(fcinfo, api::id_argument(fcinfo));
}

CONNECTOR_FUNCTION(connector_named_sync_now) {
  return run_now(fcinfo, api::named_argument(fcinfo));
}

CONNECTOR_FUNCTION(connector_sync_update) {
  return update(fcinfo, api::id_argument(fcinfo));
}

CONNECTOR_FUNCTION(connector_named_sync_update) {
  return update(fcinfo, api::named_argument(fcinfo));
}

CONNECTOR_FUNCTION(connector_sync_pause) {
  return pause(api::id_argument(fcinfo));
}

CONNECTOR_FUNCTION(connector_named_sync_pause) {
  return pause(api::named_argument(fcinfo));
}

CONNECTOR_FUNCTION(connector_sync_resume) {
  return resume(api::id_argument(fcinfo));
}

CONNECTOR_FUNCTION(connector_named_sync_resume) {
  return resume(api::named_argument(fcinfo));
}

CONNECTOR_FUNCTION(connector_sync_delete) {
  return delete_sync(api::id_argument(fcinfo));
}

CONNECTOR_FUNCTION(connector_named_sync_delete) {
  return delete_sync(api::named_argument(fcinfo));
}
