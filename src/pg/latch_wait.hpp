// core::Wait in a backend: latch, socket, interrupts, postmaster death.
#pragma once

#include "core/wait.hpp"

namespace connector::pg {

/// Waits on MyLatch and the socket together. Throws core::Interrupted as soon as a cancel or termination is pending;
/// other interrupts (catalog invalidation, barriers, config reload) are served on the way. Leaves the pending request
/// for the entry point, which lets PostgreSQL raise it when all C++ objects are gone.
///
/// `run_deadline` bounds the whole run (connector.statement_timeout): past it every call throws core::Error
/// (timed_out).
class LatchWait final : public core::Wait {
 public:
  explicit LatchWait(core::Deadline run_deadline = core::no_deadline) noexcept : run_deadline_(run_deadline) {}
  unsigned wait(int fd, unsigned events, core::Deadline deadline) override;
  void check() override;

 private:
  core::Deadline run_deadline_;
};

}  // namespace connector::pg
