// Waits of a PollWait, by which drivers clean up, that let others go on meanwhile.
#pragma once

#include <span>

#include "core/net/wait.hpp"

namespace connector::core {

/// What runs on a stack of its own, and is suspended where a PollWait would wait.
class OverlappedWaits {
 public:
  virtual ~OverlappedWaits() = default;
  /// Returns when it is worth looking at the sockets again, or the deadline has passed.
  virtual void let_others_go_on(std::span<const WaitSocket> sockets, Deadline deadline) = 0;

  /// The one that runs now on this thread; null: a PollWait just waits.
  static OverlappedWaits*& running() noexcept;
};

}  // namespace connector::core
