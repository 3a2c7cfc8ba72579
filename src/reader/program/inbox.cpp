#include "reader/program/inbox.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <system_error>
#include <thread>
#include <utility>

#include "core/base/error.hpp"
#include "reader/program_contract.hpp"

namespace connector::reader {

namespace {

constexpr int look_milliseconds = 100;

/// The most memory that was ever in use, shared memory as well.
std::size_t most_used_bytes() noexcept {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

/// Memory in use that no other process shares. Where a driver has left no file to be opened: a number above that.
std::size_t used_bytes() noexcept {
  FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return most_used_bytes();
  unsigned long all = 0, resident = 0, shared = 0;
  const int read = std::fscanf(file, "%lu %lu %lu", &all, &resident, &shared);
  std::fclose(file);
  if (read != 3 || resident < shared) return 0;
  return (resident - shared) * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace

Inbox::Inbox(int socket, std::size_t memory_bytes)
    : socket_(socket), memory_bytes_(memory_bytes), event_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  std::thread([this] { run(); }).detach();
}

void Inbox::run() {
  std::chrono::steady_clock::time_point give_up = std::chrono::steady_clock::time_point::max();
  for (;;) {
    pollfd state{stopped_ ? -1 : socket_, POLLIN, 0};
    const int ready = poll(&state, 1, look_milliseconds);
    if (memory_bytes_ > 0 && used_bytes() > memory_bytes_) _exit(memory_status);
    if (ready > 0) {
      constexpr std::size_t piece = 16 * 1024;
      const ssize_t count = recv(socket_, assembler_.space(piece), piece, MSG_DONTWAIT);
      if (count > 0) {
        assembler_.added(static_cast<std::size_t>(count));
        try {
          while (std::optional<Frame> frame = assembler_.next()) take(std::move(*frame));
        } catch (const core::Error&) {
          _exit(1);
        }
      } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
        take({FrameKind::stop, {}});
      }
    }
    if (is_stopping()) begin_stopping();
    if (!stopped_) continue;
    const auto now = std::chrono::steady_clock::now();
    if (give_up == std::chrono::steady_clock::time_point::max()) give_up = now + std::chrono::seconds(1);
    if (now >= give_up) _exit(1);
  }
}

void Inbox::take(Frame frame) {
  const std::lock_guard lock(frames_mutex_);
  if (frame.kind == FrameKind::stop) stopped_ = true;
  if (frame.kind == FrameKind::close) closing_ = true;
  if (is_stopping()) eventfd_write(event_.get(), 1);
  frames_.push_back(std::move(frame));
  arrived_.notify_one();
}

/// In a thread of its own: the driver's call that stops others may hang, too, and this process must end nevertheless.
void Inbox::begin_stopping() {
  if (stops_.exchange(true)) return;
  try {
    std::thread([this] {
      // A call that begins between a look at stopped_ and the library's own is missed by one, and met by the next.
      for (; is_stopping(); std::this_thread::sleep_for(std::chrono::milliseconds(look_milliseconds))) call_stop();
      stops_ = false;
    }).detach();
  } catch (const std::system_error&) {
    // There are too many threads: tried again at the next look.
    stops_ = false;
  }
}

void Inbox::call_stop() {
  const std::lock_guard lock(stop_mutex_);
  // The main thread may have taken the `close` meanwhile, and be at something else.
  if (stop_ && is_stopping()) stop_();
}

void Inbox::stop_calls_by(const std::function<void()>& stop) {
  const std::lock_guard lock(stop_mutex_);
  stop_ = stop;
}

/// With the lock.
std::optional<Frame> Inbox::pop() {
  if (stopped_) return std::nullopt;
  Frame frame = std::move(frames_.front());
  frames_.pop_front();
  if (frame.kind == FrameKind::close) {
    const std::lock_guard lock(stop_mutex_);
    closing_ = false;
    eventfd_t count;
    eventfd_read(event_.get(), &count);
  }
  return frame;
}

std::optional<Frame> Inbox::next() {
  std::unique_lock lock(frames_mutex_);
  arrived_.wait(lock, [this] { return stopped_ || !frames_.empty(); });
  return pop();
}

std::optional<Frame> Inbox::next_if_there() {
  const std::lock_guard lock(frames_mutex_);
  if (!stopped_ && frames_.empty()) return std::nullopt;
  return pop();
}

}  // namespace connector::reader
