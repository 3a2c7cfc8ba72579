// Which part of a source a merge by ranges has to read, and what it remembers for the next run.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/remote/source.hpp"
#include "load/merge/applied.hpp"
#include "load/ranges/range_key.hpp"
#include "load/ranges/range_state.hpp"
#include "load/read/plan.hpp"
#include "load/read/run.hpp"
#include "load/table/target.hpp"
#include "pg/spi.hpp"

extern "C" {
#include "utils/snapshot.h"
}

namespace connector::load {

/// The order of calls: choose(), then the rows of parts() (or all, if reads_all()) are read and applied, between
/// start_reading(), start_applying() and finish().
class RangeMerge {
 public:
  /// All arguments outlive this. `columns`: quoted names of the target's columns that come from the source.
  RangeMerge(const Run& run, const RefreshTarget& target, const LoadPlan& plan, const std::vector<std::size_t>& key,
             core::Source& source, std::vector<std::string> columns, const ComparedBefore& before);

  /// Decides what to compare, and asks both sides for their sums. `hindrance`: why ranges can't be compared in this
  /// run, whatever the source says; empty = nothing.
  void choose(const std::string& hindrance);

  /// Whether all rows are to be read and merged into all of the table.
  bool reads_all() const noexcept { return reads_all_; }
  /// Else: the scans that read what differs, together with rows of these ranges only; none if nothing differs.
  std::vector<core::Scan> parts() const;
  /// The rows of the target (alias t) that these are to be merged into.
  std::string scope() const;

  void start_reading();
  /// `rows` were read.
  void start_applying(std::uint64_t rows);
  /// The difference was applied. `certain`: all rows that differed are now as in the source, and no limit cut them.
  void finish(const Applied& applied, bool certain);

  /// What was chosen, and why. UTF-8.
  const std::string& reason() const noexcept { return reason_; }
  /// Nothing if rows were compared.
  std::optional<std::uint64_t> ranges_compared() const noexcept { return compared_; }
  std::uint64_t ranges_read() const noexcept { return read_; }
  /// For the next run; nothing if there is nothing to remember.
  std::optional<std::string> state() const;

 private:
  std::string choose_key();
  std::string mark() const;
  bool remote_can_compare_with(const std::string& bound);
  void begin_anew();
  bool rows_are_cheaper();
  void compare();
  std::vector<core::RangeSum> remote_sums(const std::vector<std::string>& bounds);
  std::vector<core::RangeSum> local_sums(const std::vector<std::string>& bounds, const std::string& scope,
                                         pg::Sees sees);
  std::vector<core::RangeSum> local_sums_of_snapshot(const std::vector<std::string>& bounds, const std::string& scope);
  void keep_local_sums(bool certain);
  void split_large_ranges(std::uint64_t wanted);
  void sum_parts(const std::vector<RangeBlock>& blocks);
  std::vector<std::string> keys_for_bounds(const std::string& scope, std::uint64_t rows);

  const Run& run_;
  const RefreshTarget& target_;
  const LoadPlan& plan_;
  const std::vector<std::size_t>& key_columns_;
  core::Source& source_;
  std::vector<std::string> columns_;
  const ComparedBefore& before_;

  std::optional<RangeKey> key_;
  core::RangeRequest request_;
  std::optional<RangeState> state_;
  bool reads_all_ = true;
  std::vector<bool> differs_;  ///< by range, without that of the NULLs
  bool nulls_differ_ = false;
  std::vector<std::uint64_t> remote_rows_;  ///< by range
  std::string reason_;
  std::optional<std::uint64_t> compared_;
  std::uint64_t read_ = 0;
  std::uint64_t rows_read_ = 0;
  std::chrono::steady_clock::time_point started_;
  double reading_seconds_ = 0;
  /// Taken before the difference is looked for.
  Snapshot snapshot_ = nullptr;
};

}  // namespace connector::load
