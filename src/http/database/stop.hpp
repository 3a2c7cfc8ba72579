// Stops what a call waits for when nobody waits for its answer any more.
#pragma once

#include <functional>
#include <utility>

namespace connector::http {

class Stop {
 public:
  /// Called once, at once if the stop was asked for already. An empty function takes the last one back.
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
