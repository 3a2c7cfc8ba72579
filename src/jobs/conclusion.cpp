#include "jobs/conclusion.hpp"

#include <random>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "jobs/progress.hpp"
#include "jobs/run_log.hpp"
#include "store/api_keys.hpp"
#include "store/imports.hpp"
#include "store/role_limits.hpp"
#include "pg/identity.hpp"
#include "pg/notice.hpp"
#include "pg/text.hpp"
#include "store/role_settings.hpp"

namespace connector::jobs {

namespace {

double random_fraction() {
  static std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

/// The first run is an import too, and this is how that ended.
void record_failed_import(const store::Sync& sync, const store::Failure& failure, int keep) {
  store::ImportRecord record;
  record.item_queue_id = sync.item_queue_id;
  record.synchronization_id = sync.id;
  record.provider = sync.provider;
  record.request = sync.request.masked;
  record.state = store::ImportState::failure;
  record.schema = pg::utf8_text(sync.target_schema);
  record.texts = sync.texts;
  record.error_code = failure.number;
  record.failure = failure;
  const pg::ActAs owner(sync.owner, SECURITY_LOCAL_USERID_CHANGE);
  store::record_import(record, keep);
}

bool is_permanent(core::ErrorNumber number) {
  using core::ErrorNumber;
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

schedule::RunEnd end_of(const store::RunRecord& run) {
  if (!run.failure) return schedule::RunEnd::success;
  if (run.failure->number == static_cast<int>(core::ErrorNumber::cancelled)) return schedule::RunEnd::cancelled;
  return run.failure->permanent ? schedule::RunEnd::permanent_failure : schedule::RunEnd::failure;
}

}  // namespace

store::Failure failure_of(const core::Error& error) {
  return {static_cast<int>(error.number()),
          std::string(error.sqlstate()),
          error.message(),
          error.detail(),
          error.hint(),
          error.permanent() || is_permanent(error.number()),
          error.denied_login(),
          {}};
}

store::Failure lost_run(std::string_view hint) {
  return failure_of(core::Error(core::ErrorNumber::worker_lost, "the run was lost",
                                "The process that worked on it ended before the work did: a restart, a crash or a "
                                "termination.",
                                std::string(hint)));
}

void conclude_run(const store::Sync& sync, const settings::RunLimits& limits) {
  if (!sync.log_id) return;
  std::optional<store::RunRecord> run = store::find_run(*sync.log_id);
  if (run && !run->ended) {
    store::RunResult lost;
    lost.failure = lost_run("It is tried again.");
    store::end_run(*sync.log_id, lost, store::now());
    run = store::find_run(*sync.log_id);
  }
  const schedule::RunEnd end = run ? end_of(*run) : schedule::RunEnd::failure;
  if (run && run->failure && sync.relation == InvalidOid) record_failed_import(sync, *run->failure, limits.keep_runs);
  const schedule::Time now = store::now();
  const schedule::Schedule next =
      run && run->failure && run->failure->next_login
          ? schedule::after_denied_login(sync.schedule, *run->failure->next_login, now)
          : schedule::after_run(sync.schedule, end, now, limits.max_retries, random_fraction());
  store::record_outcome(sync, *sync.log_id, next, limits.keep_runs);
  if (run) log_run(sync, *run, next);
}

bool end_if_lost(store::Sync& sync, const settings::RunLimits& limits) {
  if (sync.schedule.state != schedule::State::syncing) return true;
  // What its own code asks for finds the lock free.
  if (RunProgress::goes_on_here(sync.id) || !try_lock_run(sync.id, LockLife::transaction)) return false;
  conclude_run(sync, limits);
  if (std::optional<store::Sync> current = store::lock_sync(sync.id)) sync = std::move(*current);
  return true;
}

bool end_lost_runs(Oid role, const settings::RunLimits& limits) {
  bool all = true;
  for (const std::string& id : store::syncing_syncs(role)) {
    std::optional<store::Sync> sync = store::lock_sync(id, store::RowLock::skip);
    if (sync) {
      end_if_lost(*sync, limits);
    } else {
      all = false;
    }
  }
  return all;
}

void forget_dropped_roles() {
  store::delete_ownerless_api_keys();
  for (const store::OwnerlessSync& sync : store::delete_ownerless_syncs()) {
    pg::log(LOG, {},
            "connector has deleted the sync " + core::quoted(sync.name) + " (" + sync.id + "), whose owner was dropped",
            {}, {});
  }
}

void record_failed_start(const store::Sync& sync, const store::Failure& failure, const settings::RunLimits& limits) {
  const std::string run = store::begin_run(sync, store::now());
  store::RunResult result;
  result.failure = failure;
  store::end_run(run, result, store::now());
  if (const std::optional<store::Sync> current = store::lock_sync(sync.id)) conclude_run(*current, limits);
}

int place_limit(Oid role, const std::string& provider, const settings::RunLimits& limits) {
  const store::RoleLimits of_role = store::role_limits(role, provider);
  // A role that may not sync at all is told so by the run.
  if (of_role.max_syncs) return *of_role.max_syncs;
  return store::role_setting(role, "connector.max_syncs_per_role").value_or(limits.max_syncs_per_role);
}

}  // namespace connector::jobs
