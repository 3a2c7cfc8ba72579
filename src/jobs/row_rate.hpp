// How fast rows come: over the last seconds, so that a stall is seen as one.
#pragma once

#include <cstdint>
#include <optional>

namespace connector::jobs {

/// Times are microseconds since 1970, 0 = none yet. The rate is counted from a mark that is 5 to 10 seconds old while
/// rows come.
class RowRate {
 public:
  /// What another process needs to know to tell the rate at any later moment.
  struct Mark {
    std::int64_t last_row = 0;
    std::int64_t since = 0;
    std::int64_t rows = 0;  ///< that had come at `since`
  };

  /// Rows begin to come.
  void start(std::int64_t now) noexcept {
    if (mark_.since == 0) mark_.since = next_since_ = now;
  }

  /// `rows` have come up to now, all in all.
  void add(std::int64_t rows, std::int64_t now) noexcept;

  const Mark& mark() const noexcept { return mark_; }

  /// Rows per second; nothing before rows come.
  static std::optional<double> rate(const Mark& mark, std::int64_t rows, std::int64_t now) noexcept;

 private:
  Mark mark_;
  std::int64_t next_since_ = 0;
  std::int64_t next_rows_ = 0;
};

}  // namespace connector::jobs
