// What the backend tells the program: taken by a thread of its own, which can stop what the main thread does.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>

#include "core/net/descriptor.hpp"
#include "reader/frame.hpp"

namespace connector::reader {

/// The thread also ends the process where it must end: when the main thread does not come back a second after the
/// backend has said `stop`, or has gone, and when it uses more memory than it may, of which it takes a look ten times a
/// second.
class Inbox {
 public:
  /// `memory_bytes`: what the process may use; 0 = no limit. The object is never destroyed.
  Inbox(int socket, std::size_t memory_bytes);
  Inbox(const Inbox&) = delete;
  Inbox& operator=(const Inbox&) = delete;

  /// The next frame, waited for. Nothing: the process is to end.
  std::optional<Frame> next();
  /// The next frame, if one is there already.
  std::optional<Frame> next_if_there();

  /// Whether the backend has said that what goes on is to stop: by a `stop`, or a `close` that the main thread has not
  /// taken yet.
  bool is_stopping() const noexcept { return stopped_ || closing_; }
  bool is_stopped() const noexcept { return stopped_; }
  /// Readable while is_stopping().
  int stop_descriptor() const noexcept { return event_.get(); }
  /// See core::Wait::stop_calls_by().
  void stop_calls_by(const std::function<void()>& stop);

 private:
  void run();
  void take(Frame frame);
  void begin_stopping();
  void call_stop();
  std::optional<Frame> pop();

  int socket_;
  std::size_t memory_bytes_;
  core::Descriptor event_;
  FrameAssembler assembler_;
  std::mutex frames_mutex_;
  std::condition_variable arrived_;
  std::deque<Frame> frames_;
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> closing_ = false;
  std::atomic<bool> stops_ = false;  ///< whether a thread calls stop_
  std::mutex stop_mutex_;
  std::function<void()> stop_;
};

}  // namespace connector::reader
