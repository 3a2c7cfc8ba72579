#include "pg/latch_wait.hpp"

#include "pg/postgres.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"

extern "C" {
#include "storage/latch.h"
#include "utils/wait_event.h"

// Declared in libpq/libpq.h, which needs the headers of whatever PostgreSQL was built with (GSSAPI).
extern bool pq_check_connection(void);
}

namespace connector::pg {

namespace {

/// True if CHECK_FOR_INTERRUPTS() would end the statement or the session: then C++ is left first, in good order, so
/// that the remote statement ends as well.
bool stop_requested() noexcept {
  if (!InterruptPending || InterruptHoldoffCount != 0 || CritSectionCount != 0) return false;
  return ProcDiePending || ClientConnectionLost || (QueryCancelPending && QueryCancelHoldoffCount == 0);
}

/// What CHECK_FOR_INTERRUPTS() does when client_connection_check_interval is over, but without ending the session.
void check_client() {
  if (!CheckClientConnectionPending || InterruptHoldoffCount != 0 || MyProcPort == nullptr) return;
  if (!guard([] { return pq_check_connection(); })) ClientConnectionLost = true;
}

/// What pg_stat_activity shows meanwhile.
uint32 wait_event() {
  static const uint32 event = guard([] { return connector_wait_event("ConnectorRemote"); });
  return event;
}

/// Milliseconds until the deadline, at least 0 and at most an hour (then the caller's loop comes again); -1 = none.
long milliseconds_left(core::Deadline deadline) {
  if (deadline == core::no_deadline) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  return std::clamp<long>(left.count(), 0, 3600 * 1000L);
}

}  // namespace

void LatchWait::check() {
  if (InterruptPending) check_client();
  if (stop_requested()) throw core::Interrupted{};
  if (InterruptPending) guard([] { CHECK_FOR_INTERRUPTS(); });
  if (run_deadline_ != core::no_deadline && std::chrono::steady_clock::now() >= run_deadline_) {
    throw core::Error(core::ErrorNumber::timed_out, "the run took longer than connector.statement_timeout allows", {},
                      "Ask for less with \"sql_query\" or \"max_rows\", or have connector.statement_timeout raised.");
  }
}

core::Deadline LatchWait::end_of_silence(unsigned events) const {
  if (read_timeout_.count() == 0 || (events & core::wait_readable) == 0) return core::no_deadline;
  if (!answer_begun_ || !answer_begun_()) return core::no_deadline;
  return std::chrono::steady_clock::now() + read_timeout_;
}

unsigned LatchWait::wait(int fd, unsigned events, core::Deadline deadline) {
  const uint32 event = wait_event();
  const core::Deadline silence = end_of_silence(events);
  for (;;) {
    check();
    const long timeout = milliseconds_left(std::min({deadline, run_deadline_, silence}));
    int wanted = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH;
    if (timeout >= 0) wanted |= WL_TIMEOUT;
    if (fd >= 0 && (events & core::wait_readable) != 0) wanted |= WL_SOCKET_READABLE;
    if (fd >= 0 && (events & core::wait_writable) != 0) wanted |= WL_SOCKET_WRITEABLE;
    const int happened =
        guard([=] { return WaitLatchOrSocket(MyLatch, wanted, fd >= 0 ? fd : PGINVALID_SOCKET, timeout, event); });
    if ((happened & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
    unsigned ready = core::wait_none;
    if ((happened & WL_SOCKET_READABLE) != 0) ready |= core::wait_readable;
    if ((happened & WL_SOCKET_WRITEABLE) != 0) ready |= core::wait_writable;
    if (ready != core::wait_none) {
      check();
      return ready;
    }
    if (silence != core::no_deadline && std::chrono::steady_clock::now() >= silence) {
      throw core::Error(core::ErrorNumber::remote_silent,
                        "the remote server has sent nothing for " + std::to_string(read_timeout_.count()) +
                            " seconds in the middle of its answer",
                        {},
                        "Look why the server or the network stalls and try again, or have connector.read_timeout "
                        "raised.");
    }
    if (deadline != core::no_deadline && std::chrono::steady_clock::now() >= deadline) {
      check();
      return core::wait_none;
    }
  }
}

}  // namespace connector::pg
