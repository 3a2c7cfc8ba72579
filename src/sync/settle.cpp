#include "sync/settle.hpp"

#include <random>

#include "core/error.hpp"
#include "load/catalog.hpp"
#include "pg/identity.hpp"
#include "pg/text.hpp"
#include "sync/role_settings.hpp"

namespace connector::sync {

namespace {

double random_fraction() {
  static std::mt19937_64 generator{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(generator);
}

/// The first run is an import too, and this is how that ended. Texts of the record are in the database's encoding.
void record_failed_import(const Sync& sync, const RunRecord& run, int keep) {
  load::ImportRecord record;
  record.item_queue_id = sync.item_queue_id;
  record.synchronization_id = sync.id;
  record.provider = sync.provider;
  record.request = sync.request.masked;
  record.state = "failure";
  record.schema = pg::utf8_text(std::string_view(sync.target_schema));
  record.error_code = run.error_code;
  record.error_message = pg::utf8_text(std::string_view(run.error_message));
  const pg::ActAs owner(sync.owner, SECURITY_LOCAL_USERID_CHANGE);
  load::record_import(record, keep);
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

}  // namespace

Failure failure_of(const core::Error& error) {
  return {static_cast<int>(error.number()),
          std::string(error.sqlstate()),
          error.message(),
          error.detail(),
          error.hint(),
          error.lasting() || is_permanent(error.number())};
}

Failure lost_run(std::string_view hint) {
  return failure_of(core::Error(core::ErrorNumber::worker_lost, "the run was lost",
                                "The process that worked on it ended before the work did: a restart, a crash or a "
                                "termination.",
                                std::string(hint)));
}

void settle_run(const Sync& sync, const Limits& limits) {
  if (!sync.log_id) return;
  std::optional<RunRecord> run = find_run(*sync.log_id);
  if (run && !run->ended) {
    RunResult lost;
    lost.failure = lost_run("It is tried again.");
    end_run(*sync.log_id, lost, now());
    run = find_run(*sync.log_id);
  }
  RunEnd end = RunEnd::success;
  if (!run || run->failed) end = run && run->permanent ? RunEnd::permanent_failure : RunEnd::failure;
  if (run && run->failed && sync.relation == InvalidOid) record_failed_import(sync, *run, limits.keep_runs);
  settle(sync, *sync.log_id, after_run(sync.schedule, end, now(), limits.max_retries, random_fraction()),
         limits.keep_runs);
}

bool end_if_lost(Sync& sync, const Limits& limits) {
  if (sync.schedule.state != State::syncing) return true;
  if (!try_lock_run(sync.id, LockLife::transaction)) return false;
  settle_run(sync, limits);
  if (std::optional<Sync> current = lock_sync(sync.id)) sync = std::move(*current);
  return true;
}

bool end_lost_runs(Oid role, const Limits& limits) {
  bool all = true;
  for (const std::string& id : syncing_syncs(role)) {
    std::optional<Sync> sync = lock_sync(id, RowLock::skip);
    if (sync) {
      end_if_lost(*sync, limits);
    } else {
      all = false;
    }
  }
  return all;
}

void record_failed_start(const Sync& sync, const Failure& failure, const Limits& limits) {
  const std::string run = begin_run(sync, now());
  RunResult result;
  result.failure = failure;
  end_run(run, result, now());
  if (const std::optional<Sync> current = lock_sync(sync.id)) settle_run(*current, limits);
}

int place_limit(Oid role, const std::string& provider, const Limits& limits) {
  const load::RoleLimits of_role = load::role_limits(role, provider);
  // A role that may not sync at all is told so by the run.
  if (of_role.max_syncs) return *of_role.max_syncs;
  return role_setting(role, "connector.max_syncs_per_role").value_or(limits.max_syncs_per_role);
}

}  // namespace connector::sync
