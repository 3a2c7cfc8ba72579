// Stops what a call waits for when nobody waits for its answer any more.
#pragma once

#include <functional>
#include <utility>

namespace connector::http {

class Stop {
 public:
  /// Called each time when the stop is asked for, and at once if it was already; so it may be called more than once. It
  /// takes the place of the one before; an empty function only takes that back.
  void on_stop(std::function<void()> callback) {
    callback_ = std::move(callback);
    if (asked_ && callback_) callback_();
  }
  void ask() {
    asked_ = true;
    if (callback_) callback_();
  }
  bool asked() const noexcept { return asked_; }

 private:
  bool asked_ = false;
  std::function<void()> callback_;
};

}  // namespace connector::http
