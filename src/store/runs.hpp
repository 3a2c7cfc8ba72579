// The table connector.run, and what a run that has ended brings into connector.sync. Access as in syncs.hpp.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include "core/schedule/schedule.hpp"
#include "store/syncs.hpp"

namespace connector::store {

/// A failure as it is remembered. Texts are UTF-8.
struct Failure {
  int number = 0;
  std::string sqlstate;
  std::string message;
  std::string detail;
  std::string hint;
  bool permanent = false;
  bool denied_login = false;                 ///< the remote refused the account
  std::optional<schedule::Time> next_login;  ///< not before then does any sync log in with the account again
};

/// What a run brought.
struct RunResult {
  std::optional<Failure> failure;
  Oid relation = InvalidOid;
  std::string mode;    ///< import, or load::refresh_mode_name(); empty if it failed
  std::string reason;  ///< UTF-8: why not the mode that was asked for
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
  std::optional<std::string> checksum;
  std::optional<std::string> layout;
  std::optional<std::string> position;
  std::optional<std::string> ranges;  ///< load::range_state_text(), to be kept for the next run
  std::optional<std::uint64_t> ranges_compared;
  std::uint64_t ranges_read = 0;
  std::optional<std::string> warnings;        ///< JSON, UTF-8
  std::optional<std::string> schema_changes;  ///< likewise
  double lock_ms = 0;
  std::optional<std::string> phase_ms;  ///< RunProgress::phase_times()
};

/// Marks the sync as running and opens a run; returns the run's id (log_id).
std::string begin_run(const Sync& sync, schedule::Time now);

/// Closes the run. One statement that waits for nobody: it may come under a strong lock on the table. False if the run
/// is closed already, or the sync was deleted or is just being.
bool end_run(const std::string& run, const RunResult& result, schedule::Time now);

/// What the last run of the sync kept of its ranges, as load::range_state_text() has it; nothing if there is nothing.
std::optional<std::string> kept_ranges(const std::string& sync);

/// How a run ended, as recorded. Texts are UTF-8.
struct RunRecord {
  bool ended = false;
  std::optional<Failure> failure;
  std::uint64_t rows = 0;
  std::optional<std::string> warnings;        ///< JSON
  std::optional<std::string> schema_changes;  ///< JSON
};
std::optional<RunRecord> find_run(const std::string& run);

/// True if a run of the sync has ended well since `time`.
bool succeeded_since(const std::string& sync, schedule::Time time);

/// Gives the sync what its ended run brought and the schedule that follows, forgets all but the newest `keep` runs, and
/// notifies the channel `connector` when the transaction commits.
void record_outcome(const Sync& sync, const std::string& run, const schedule::Schedule& next, int keep);

}  // namespace connector::store
