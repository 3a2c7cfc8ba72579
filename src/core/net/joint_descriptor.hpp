// One descriptor that stands for several sockets and a point in time, for who can wait for one descriptor only.
#pragma once

#include <span>
#include <vector>

#include "core/net/descriptor.hpp"
#include "core/net/wait.hpp"

namespace connector::core {

/// Readable as soon as a wait for the sockets would end.
class JointDescriptor {
 public:
  /// Throws Error.
  JointDescriptor();

  int get() const noexcept { return epoll_.get(); }
  /// From here on it stands for these sockets (each with what is wanted of it) and this point in time. Throws Error.
  void stand_for(std::span<const WaitSocket> sockets, Deadline deadline);

 private:
  Descriptor epoll_;
  Descriptor timer_;
  std::vector<int> watched_;
};

}  // namespace connector::core
