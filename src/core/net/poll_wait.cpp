#include <poll.h>

#include <cerrno>
#include <limits>

#include "core/net/wait.hpp"

namespace connector::core {

namespace {

/// Milliseconds until `deadline` for poll(), rounded up so that it never spins; -1 = for ever.
int poll_timeout(Deadline deadline) noexcept {
  if (deadline == no_deadline) return -1;
  const auto now = std::chrono::steady_clock::now();
  if (deadline <= now) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  return left > std::numeric_limits<int>::max() ? std::numeric_limits<int>::max() : static_cast<int>(left);
}

}  // namespace

unsigned PollWait::wait(int fd, unsigned events, Deadline deadline) noexcept {
  if (events == wait_none) fd = -1;  // nothing is asked of the socket
  short asked = 0;
  if (events & wait_readable) asked |= POLLIN;
  if (events & wait_writable) asked |= POLLOUT;
  for (;;) {
    pollfd entry{fd, asked, 0};  // poll() skips a negative descriptor
    const int count = poll(&entry, 1, poll_timeout(deadline));
    if (count < 0 && errno != EINTR) return fd < 0 ? wait_none : events;
    if (count > 0) {
      if (entry.revents & (POLLERR | POLLHUP | POLLNVAL)) return events;
      unsigned ready = wait_none;
      if (entry.revents & POLLIN) ready |= wait_readable;
      if (entry.revents & POLLOUT) ready |= wait_writable;
      return ready;
    }
    if (deadline != no_deadline && std::chrono::steady_clock::now() >= deadline) return wait_none;
  }
}

}  // namespace connector::core
