// The module itself, and functions that show the backend's state.
#include "pg/postgres.hpp"

#include <malloc.h>

#include <csignal>
#include <cstdint>
#include <string>
#include <utility>

#include "pg/compat.h"
#include "pg/entry.hpp"
#include "probe.hpp"

CONNECTOR_EXPORT_BEGIN
extern "C" {
PG_MODULE_MAGIC;
}
CONNECTOR_EXPORT_END

extern "C" {
// There with AddressSanitizer only, whose allocator mallinfo2() knows nothing of.
[[gnu::weak]] std::size_t __sanitizer_get_current_allocated_bytes();
}

using boundary::Probe;
using boundary::result;

/// Objects alive, and how many were made since the last call.
CONNECTOR_FUNCTION(boundary_probes) {
  const std::string text = std::to_string(Probe::alive) + " of " + std::to_string(Probe::made);
  Probe::made = 0;
  return result(text);
}

CONNECTOR_FUNCTION(boundary_marks) {
  PG_RETURN_INT32(std::exchange(boundary::Mark::destroyed, 0));
}

/// The holdoff counts and pending requests, all zero between statements.
CONNECTOR_FUNCTION(boundary_interrupts) {
  return result(std::to_string(InterruptHoldoffCount) + ' ' + std::to_string(QueryCancelHoldoffCount) + ' ' +
                std::to_string(CritSectionCount) + ' ' + std::to_string(QueryCancelPending));
}

/// Bytes that malloc() has given out.
CONNECTOR_FUNCTION(boundary_allocated) {
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    PG_RETURN_INT64(static_cast<int64>(__sanitizer_get_current_allocated_bytes()));
  }
  const struct mallinfo2 info = mallinfo2();
  PG_RETURN_INT64(static_cast<int64>(info.uordblks + info.hblkhd));
}

/// Handler and flags of every signal, and the mask.
CONNECTOR_FUNCTION(boundary_signals) {
  std::string text;
  sigset_t mask;
  sigprocmask(SIG_BLOCK, nullptr, &mask);
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action = {};
    if (sigaction(number, nullptr, &action) != 0) continue;
    text += std::to_string(number) + ':' + std::to_string(reinterpret_cast<std::uintptr_t>(action.sa_sigaction)) + ':' +
            std::to_string(action.sa_flags) + (sigismember(&mask, number) == 1 ? "b " : " ");
  }
  return result(text);
}
