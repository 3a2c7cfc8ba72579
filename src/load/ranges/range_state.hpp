// What a merge by ranges of the key remembers from one run to the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/range_sums.hpp"

namespace connector::load {

/// A range, and what each side had in it at a time when both had the same rows. Whatever happened since: where both
/// sums are found again, both sides have these rows again.
struct KnownRange {
  /// The least key of the range, as core::Expression has constants; nothing for the first range and that of NULLs.
  std::optional<std::string> lower{};
  std::optional<core::RangeSum> remote{};  ///< nothing = not known: the range is to be read
  std::optional<core::RangeSum> local{};   ///< likewise
};

/// What runs have cost. Seconds for a row; nothing where that was not measured yet.
struct RangeFigures {
  std::optional<double> remote_sum{};  ///< for the remote to sum it
  std::optional<double> local_sum{};   ///< to sum it here
  std::optional<double> read{};        ///< to read it and put it into the staging table
  std::optional<double> apply{};       ///< to compare it, and apply what differs
  double share_read = 0;               ///< of the rows, those in ranges that were read by the last run
};

struct RangeState {
  std::string mark;  ///< what the sums are worth for: those with another mark are worth nothing
  RangeFigures figures;
  std::vector<KnownRange> ranges;  ///< in the key's order, none missing; then that of the NULLs

  /// Those between the ranges, for core::RangeRequest.
  std::vector<std::string> bounds() const;
};

/// What the sums of an earlier run are worth for, beside what the target and the plan tell.
struct ComparedBefore {
  std::optional<std::string> state{};  ///< range_state_text() of the last run; nothing if it left nothing
  std::string request{};               ///< the request, in any form: sums of another one are worth nothing
};

/// As JSON, UTF-8.
std::string range_state_text(const RangeState& state);

/// Reads what range_state_text() wrote. Nothing for anything else: then all is compared.
std::optional<RangeState> parse_range_state(std::string_view text);

}  // namespace connector::load
