// What a run tells of itself while it goes on.
#pragma once

#include <cstdint>
#include <string_view>

namespace connector::load {

/// Where a run is. Which phases there are depends on its mode.
enum class RunPhase {
  connecting,
  describing,
  comparing,  ///< checksums of both sides
  loading,
  indexing,
  analyzing,
  applying,    ///< DML on the target: merge, append, delete and insert
  locking,     ///< waits for a moment without readers
  exchanging,  ///< under the strong lock
  statement,   ///< `on_success` or `on_failure`: the run itself is over
};

inline constexpr int run_phase_count = static_cast<int>(RunPhase::statement) + 1;

/// The phase's name in views, "waiting for lock".
constexpr std::string_view run_phase_name(RunPhase phase) noexcept {
  switch (phase) {
    case RunPhase::connecting:
      return "connecting";
    case RunPhase::describing:
      return "describing";
    case RunPhase::comparing:
      return "comparing checksums";
    case RunPhase::loading:
      return "loading";
    case RunPhase::indexing:
      return "building indexes";
    case RunPhase::analyzing:
      return "analyzing";
    case RunPhase::applying:
      return "applying";
    case RunPhase::locking:
      return "waiting for lock";
    case RunPhase::exchanging:
      return "exchanging";
    case RunPhase::statement:
      return "statement";
  }
  return "";
}

/// Is told how a run goes on. Called often (per batch), and never where an error could be raised.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void phase(RunPhase phase) noexcept = 0;
  /// About so many rows will come, as far as the remote can tell.
  virtual void expect(std::uint64_t rows) noexcept = 0;
  /// So many more rows were loaded, whose values have so many bytes in the batch.
  virtual void add(std::uint64_t rows, std::uint64_t bytes) noexcept = 0;
  /// What was told last: the phase, and the rows up to now.
  virtual RunPhase present_phase() const noexcept = 0;
  virtual std::uint64_t loaded_rows() const noexcept = 0;
};

}  // namespace connector::load
