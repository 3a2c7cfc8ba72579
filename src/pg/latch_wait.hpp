// core::Wait in a backend: latch, sockets, interrupts, postmaster death.
#pragma once

#include <functional>
#include <optional>

#include "core/net/overdue.hpp"
#include "core/net/wait.hpp"

namespace connector::pg {

/// Waits on MyLatch and the sockets together. Throws core::Interrupted as soon as a cancel or termination is pending;
/// other interrupts (catalog invalidation, barriers, config reload) are served on the way. Leaves the pending request
/// for the entry point, which lets PostgreSQL raise it when all C++ objects are gone.
///
/// `run_deadline` bounds the whole run (connector.statement_timeout): past it every call throws core::Error
/// (timed_out). `read_timeout` is how long a remote may be silent where limit_silence() says so
/// (connector.read_timeout); 0 = for ever. Both errors say how far the run has come, if tell_point() was called.
class LatchWait final : public core::Wait {
 public:
  explicit LatchWait(core::Deadline run_deadline = core::no_deadline,
                     std::chrono::seconds read_timeout = std::chrono::seconds(0)) noexcept
      : run_deadline_(run_deadline), read_timeout_(read_timeout) {}
  using core::Wait::wait;
  bool wait(std::span<core::WaitSocket> sockets, core::Deadline deadline) override;
  void check() override;
  void limit_silence(const std::function<bool()>& begun) override { answer_begun_ = begun; }
  /// Another one than it was made with.
  void set_run_deadline(core::Deadline deadline) noexcept { run_deadline_ = deadline; }
  /// `point` is asked when the run is ended; what it refers to outlives the last wait.
  void tell_point(const std::function<core::RunPoint()>& point) { point_ = point; }
  bool tells_point() const noexcept { return static_cast<bool>(point_); }

 private:
  using Clock = std::chrono::steady_clock;

  /// When the remote will have been silent for too long.
  core::Deadline end_of_silence() const;
  core::RunPoint point() const { return point_ ? point_() : core::RunPoint{}; }

  Clock::time_point start_ = Clock::now();
  /// Since when this wait has lasted; nothing if it is over, or not for something to read.
  std::optional<Clock::time_point> silent_since_;
  std::function<core::RunPoint()> point_;
  core::Deadline run_deadline_;
  std::chrono::seconds read_timeout_;
  std::function<bool()> answer_begun_;
};

}  // namespace connector::pg
