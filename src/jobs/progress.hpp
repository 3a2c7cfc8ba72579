// Live runs, as others see them: in the backends' status entries of PostgreSQL, so there is nothing to clean up when a
// run ends or dies, and it works without shared_preload_libraries.
#pragma once

#include "pg/postgres.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "jobs/live_texts.hpp"
#include "jobs/row_rate.hpp"
#include "load/read/progress.hpp"
#include "core/schedule/schedule.hpp"
#include "shmem/shared.hpp"

namespace connector::jobs {

/// Tells how this backend's run goes on, as long as it lives or to clear(), and how long each phase takes. Of a run
/// that the code of another one has begun others see nothing but that one.
class RunProgress final : public load::Progress {
 public:
  /// `id` is the sync's or the import's uuid; `relation` the table that is refreshed, InvalidOid if it is to be made.
  RunProgress(shmem::JobKind kind, const std::string& id, Oid owner, Oid relation, const LiveTexts& texts);
  ~RunProgress() override;
  RunProgress(const RunProgress&) = delete;
  RunProgress& operator=(const RunProgress&) = delete;
  void phase(load::RunPhase phase) noexcept override;
  void expect(std::uint64_t rows) noexcept override;
  void add(std::uint64_t rows, std::uint64_t bytes) noexcept override;
  load::RunPhase present_phase() const noexcept override { return static_cast<load::RunPhase>(phase_); }
  std::uint64_t loaded_rows() const noexcept override { return static_cast<std::uint64_t>(rows_); }
  /// This backend's run is over, unless it is part of another one.
  static void clear() noexcept;
  /// Whether the sync or import `id` is worked on in this process, by whatever of its code calls this.
  static bool goes_on_here(const std::string& id);
  /// Milliseconds spent in each phase up to now, as JSON: {"loading": 12.3, …}, in the order of RunPhase.
  std::string phase_times() const;

  void publish() noexcept;

 private:
  using Clock = std::chrono::steady_clock;

  RunProgress* outer_;
  shmem::JobKind kind_;
  std::uint64_t id_[2];
  Oid owner_;
  Oid relation_;
  std::uint32_t texts_;
  load::RunPhase phase_ = load::RunPhase::connecting;
  std::int64_t rows_ = 0;
  std::int64_t bytes_ = 0;
  std::int64_t expected_ = -1;
  std::int64_t started_;
  RowRate rate_;
  std::array<Clock::duration, load::run_phase_count> spent_{};
  Clock::time_point phase_since_ = Clock::now();
};

/// A run of this database that goes on right now.
struct LiveRun {
  int pid = 0;
  shmem::JobKind kind = shmem::JobKind::sync;
  std::string id;
  Oid owner = InvalidOid;
  load::RunPhase phase = load::RunPhase::connecting;
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::int64_t expected = -1;  ///< rows; -1 = unknown
  Oid relation = InvalidOid;   ///< the table that is refreshed; invalid if it is to be made
  std::optional<LiveTexts> texts;
  schedule::Time started;
  std::optional<schedule::Time> last_row;
  std::optional<double> rows_per_second;  ///< of the last seconds; nothing before rows come
};
std::vector<LiveRun> live_runs();

}  // namespace connector::jobs
