#include "core/net/joint_descriptor.hpp"

#include <sys/epoll.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "core/base/error.hpp"

namespace connector::core {

namespace {

[[noreturn]] void throw_system_error() {
  throw Error(ErrorNumber::unknown,
              std::string("could not prepare a wait for a remote server: ") + std::strerror(errno), {},
              "The server may have too few file descriptors or too little memory.");
}

/// Each call says so anew: a socket may have been closed, and another one have got its number.
void watch(int epoll, const WaitSocket& socket) {
  epoll_event event{};
  if ((socket.wanted & wait_readable) != 0) event.events |= EPOLLIN;
  if ((socket.wanted & wait_writable) != 0) event.events |= EPOLLOUT;
  if (epoll_ctl(epoll, EPOLL_CTL_MOD, socket.fd, &event) == 0) return;
  if (errno != ENOENT || epoll_ctl(epoll, EPOLL_CTL_ADD, socket.fd, &event) != 0) throw_system_error();
}

/// Nothing: the timer is off.
itimerspec timer_setting(Deadline deadline) {
  itimerspec setting{};
  if (deadline == no_deadline) return setting;
  using std::chrono::nanoseconds;
  // The clock is CLOCK_MONOTONIC. Zero would turn the timer off.
  const auto when = std::max(std::chrono::duration_cast<nanoseconds>(deadline.time_since_epoch()), nanoseconds(1));
  const auto whole = std::chrono::floor<std::chrono::seconds>(when);
  setting.it_value.tv_sec = static_cast<time_t>(whole.count());
  setting.it_value.tv_nsec = static_cast<long>((when - whole).count());
  return setting;
}

}  // namespace

JointDescriptor::JointDescriptor()
    : epoll_(epoll_create1(EPOLL_CLOEXEC)), timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)) {
  if (epoll_.get() < 0 || timer_.get() < 0) throw_system_error();
  watch(epoll_.get(), {timer_.get(), wait_readable});
}

void JointDescriptor::stand_for(std::span<const WaitSocket> sockets, Deadline deadline) {
  const auto is_meant = [](const WaitSocket& socket) { return socket.fd >= 0 && socket.wanted != wait_none; };
  std::erase_if(watched_, [&](int fd) {
    const bool stays =
        std::ranges::any_of(sockets, [&](const WaitSocket& socket) { return socket.fd == fd && is_meant(socket); });
    // One that was closed has gone by itself.
    if (!stays) epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
    return !stays;
  });
  for (const WaitSocket& socket : sockets) {
    if (!is_meant(socket)) continue;
    if (std::ranges::find(watched_, socket.fd) == watched_.end()) watched_.push_back(socket.fd);
    watch(epoll_.get(), socket);
  }
  const itimerspec setting = timer_setting(deadline);
  if (timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &setting, nullptr) != 0) throw_system_error();
}

}  // namespace connector::core
