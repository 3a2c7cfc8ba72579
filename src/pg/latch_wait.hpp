// core::Wait in a backend: latch, sockets, interrupts, postmaster death.
#pragma once

#include "core/net/wait.hpp"

namespace connector::pg {

/// Waits on MyLatch and the sockets together. Throws core::Interrupted as soon as a cancel or termination is pending;
/// other interrupts (catalog invalidation, barriers, config reload) are served on the way. Leaves the pending request
/// for the entry point, which lets PostgreSQL raise it when all C++ objects are gone.
///
/// `run_deadline` bounds the whole run (connector.statement_timeout): past it every call throws core::Error
/// (timed_out). `read_timeout` is how long a remote may be silent where limit_silence() says so
/// (connector.read_timeout); 0 = for ever.
class LatchWait final : public core::Wait {
 public:
  explicit LatchWait(core::Deadline run_deadline = core::no_deadline,
                     std::chrono::seconds read_timeout = std::chrono::seconds(0)) noexcept
      : run_deadline_(run_deadline), read_timeout_(read_timeout) {}
  using core::Wait::wait;
  bool wait(std::span<core::WaitSocket> sockets, core::Deadline deadline) override;
  void check() override;
  void limit_silence(const std::function<bool()>& begun) override { answer_begun_ = begun; }

 private:
  /// When a wait that begins now for these sockets has lasted too long.
  core::Deadline end_of_silence(std::span<const core::WaitSocket> sockets) const;

  core::Deadline run_deadline_;
  std::chrono::seconds read_timeout_;
  std::function<bool()> answer_begun_;
};

}  // namespace connector::pg
