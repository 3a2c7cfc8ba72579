// core::Wait in the program connector-reader: the backend's `stop` and `close` interrupt.
#pragma once

#include "core/net/wait.hpp"
#include "reader/program/inbox.hpp"

namespace connector::reader {

class ProgramWait final : public core::Wait {
 public:
  explicit ProgramWait(Inbox& inbox) noexcept : inbox_(inbox) {}
  using core::Wait::wait;
  bool wait(std::span<core::WaitSocket> sockets, core::Deadline deadline) override;
  void check() override;
  void stop_calls_by(const std::function<void()>& stop) override { inbox_.stop_calls_by(stop); }

 private:
  Inbox& inbox_;
};

}  // namespace connector::reader
