#include "pg/latch_wait.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <vector>

#include "core/base/error.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"

extern "C" {
#include "storage/latch.h"
#include "utils/resowner.h"
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

int latch_events(unsigned events) {
  int result = 0;
  if ((events & core::wait_readable) != 0) result |= WL_SOCKET_READABLE;
  if ((events & core::wait_writable) != 0) result |= WL_SOCKET_WRITEABLE;
  return result;
}

unsigned wait_events(unsigned happened) {
  unsigned result = core::wait_none;
  if ((happened & WL_SOCKET_READABLE) != 0) result |= core::wait_readable;
  if ((happened & WL_SOCKET_WRITEABLE) != 0) result |= core::wait_writable;
  return result;
}

bool is_waited_for(const core::WaitSocket& socket) {
  return socket.fd >= 0 && socket.wanted != core::wait_none;
}

/// Waits for the latch, the timeout, and at most one socket (or null). True if the socket is ready.
bool wait_for_one(core::WaitSocket* socket, long timeout, uint32 event) {
  int wanted = WL_LATCH_SET | WL_EXIT_ON_PM_DEATH;
  if (timeout >= 0) wanted |= WL_TIMEOUT;
  if (socket != nullptr) wanted |= latch_events(socket->wanted);
  const pgsocket fd = socket != nullptr ? socket->fd : PGINVALID_SOCKET;
  const int happened = guard([=] { return WaitLatchOrSocket(MyLatch, wanted, fd, timeout, event); });
  if ((happened & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
  if (socket == nullptr) return false;
  socket->ready = wait_events(static_cast<unsigned>(happened));
  return socket->ready != core::wait_none;
}

/// Waits for the latch, the timeout and several sockets. True if one of them is ready. The set goes again in any case:
/// it holds a descriptor, and no transaction's end would close that before PostgreSQL 17.
bool wait_for_several(std::span<core::WaitSocket> sockets, long timeout, uint32 event) {
  std::vector<WaitEvent> happened(sockets.size() + 1);
  WaitEventSet* set = guard([&] { return connector_create_wait_event_set(static_cast<int>(sockets.size()) + 2); });
  int count = 0;
  try {
    guard([&] {
      AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, nullptr);
      if (IsUnderPostmaster) AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, nullptr, nullptr);
      for (core::WaitSocket& socket : sockets) {
        if (!is_waited_for(socket)) continue;
        AddWaitEventToSet(set, static_cast<uint32>(latch_events(socket.wanted)), socket.fd, nullptr, &socket);
      }
      count = WaitEventSetWait(set, timeout, happened.data(), static_cast<int>(happened.size()), event);
    });
  } catch (...) {
    FreeWaitEventSet(set);
    throw;
  }
  FreeWaitEventSet(set);
  bool any = false;
  for (int i = 0; i < count; ++i) {
    const WaitEvent& one = happened[static_cast<std::size_t>(i)];
    if ((one.events & WL_LATCH_SET) != 0) ResetLatch(MyLatch);
    if (one.user_data == nullptr) continue;
    auto& socket = *static_cast<core::WaitSocket*>(one.user_data);
    socket.ready = wait_events(one.events);
    any = any || socket.ready != core::wait_none;
  }
  return any;
}

}  // namespace

void LatchWait::check() {
  if (InterruptPending) check_client();
  if (stop_requested()) throw core::Interrupted{};
  if (InterruptPending) guard([] { CHECK_FOR_INTERRUPTS(); });
  if (run_deadline_ != core::no_deadline && Clock::now() >= run_deadline_) {
    const Clock::time_point now = Clock::now();
    using std::chrono::floor;
    using std::chrono::seconds;
    throw core::overdue_error(point(), floor<seconds>(now - start_),
                              silent_since_ ? floor<seconds>(now - *silent_since_) : seconds(0));
  }
}

core::Deadline LatchWait::end_of_silence() const {
  if (read_timeout_.count() == 0 || !silent_since_) return core::no_deadline;
  if (!answer_begun_ || !answer_begun_()) return core::no_deadline;
  return *silent_since_ + read_timeout_;
}

bool LatchWait::wait(std::span<core::WaitSocket> sockets, core::Deadline deadline) {
  const uint32 event = wait_event();
  const bool reads = std::any_of(sockets.begin(), sockets.end(), [](const core::WaitSocket& socket) {
    return (socket.wanted & core::wait_readable) != 0;
  });
  silent_since_ = reads ? std::optional(Clock::now()) : std::nullopt;
  const core::Deadline silence = reads ? end_of_silence() : core::no_deadline;
  core::WaitSocket* first = nullptr;
  std::size_t waited_for = 0;
  for (core::WaitSocket& socket : sockets) {
    socket.ready = core::wait_none;
    if (is_waited_for(socket) && waited_for++ == 0) first = &socket;
  }
  for (;;) {
    check();
    const long timeout = milliseconds_left(std::min({deadline, run_deadline_, silence}));
    const bool ready =
        waited_for <= 1 ? wait_for_one(first, timeout, event) : wait_for_several(sockets, timeout, event);
    if (ready) {
      silent_since_.reset();
      check();
      return true;
    }
    if (silence != core::no_deadline && Clock::now() >= silence) {
      throw core::silent_error(point(), read_timeout_);
    }
    if (deadline != core::no_deadline && Clock::now() >= deadline) {
      check();
      silent_since_.reset();
      return false;
    }
  }
}

}  // namespace connector::pg
