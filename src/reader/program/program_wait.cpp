#include "reader/program/program_wait.hpp"

#include <vector>

#include "core/base/error.hpp"

namespace connector::reader {

bool ProgramWait::wait(std::span<core::WaitSocket> sockets, core::Deadline deadline) {
  check();
  std::vector<core::WaitSocket> all(sockets.begin(), sockets.end());
  all.push_back({inbox_.stop_descriptor(), core::wait_readable});
  core::PollWait().wait(all, deadline);
  check();
  bool any = false;
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    sockets[i].ready = all[i].ready;
    any = any || sockets[i].ready != core::wait_none;
  }
  return any;
}

void ProgramWait::check() {
  if (inbox_.is_stopping()) throw core::Interrupted{};
}

}  // namespace connector::reader
