#include <poll.h>

#include <cerrno>
#include <iterator>
#include <limits>
#include <vector>

#include "core/net/overlapped_waits.hpp"
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

pollfd poll_entry(const WaitSocket& socket) noexcept {
  short asked = 0;
  if (socket.wanted & wait_readable) asked |= POLLIN;
  if (socket.wanted & wait_writable) asked |= POLLOUT;
  return {asked == 0 ? -1 : socket.fd, asked, 0};  // poll() passes over a negative descriptor
}

unsigned ready_events(const pollfd& entry, unsigned wanted) noexcept {
  if (entry.revents & (POLLERR | POLLHUP | POLLNVAL)) return wanted;
  unsigned ready = wait_none;
  if (entry.revents & POLLIN) ready |= wait_readable;
  if (entry.revents & POLLOUT) ready |= wait_writable;
  return ready;
}

}  // namespace

OverlappedWaits*& OverlappedWaits::running() noexcept {
  thread_local OverlappedWaits* running = nullptr;
  return running;
}

bool PollWait::wait(std::span<WaitSocket> sockets, Deadline deadline) {
  pollfd few[4];
  std::vector<pollfd> many;
  if (sockets.size() > std::size(few)) many.resize(sockets.size());
  pollfd* entries = many.empty() ? few : many.data();
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    sockets[i].ready = wait_none;
    entries[i] = poll_entry(sockets[i]);
  }
  for (;;) {
    OverlappedWaits* overlapped = OverlappedWaits::running();
    const int count = poll(entries, sockets.size(), overlapped != nullptr ? 0 : poll_timeout(deadline));
    if (count < 0 && errno != EINTR) {
      // Without memory for the wait: the callers find out by trying.
      bool any = false;
      for (WaitSocket& socket : sockets) {
        if (socket.fd >= 0) socket.ready = socket.wanted;
        any = any || socket.ready != wait_none;
      }
      return any;
    }
    if (count > 0) {
      for (std::size_t i = 0; i < sockets.size(); ++i) sockets[i].ready = ready_events(entries[i], sockets[i].wanted);
      return true;
    }
    if (deadline != no_deadline && std::chrono::steady_clock::now() >= deadline) return false;
    if (overlapped != nullptr) overlapped->let_others_go_on(sockets, deadline);
  }
}

}  // namespace connector::core
