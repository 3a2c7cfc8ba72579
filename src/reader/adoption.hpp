// The ends of reader processes, and of the processes that their drivers have started.
//
// A process whose parent ends becomes the child of process 1, or of an ancestor that has asked for it. Where the
// postmaster is process 1, as in containers, versions before 17 take the violent end of a child that they do not know
// for a crash of the server, and restart it. So this process asks for it as long as it has readers.
#pragma once

#include <sys/types.h>

#include "core/net/descriptor.hpp"

namespace connector::reader {

/// While one is there, what readers leave running becomes a child of this process. Of one thread.
class Adoption {
 public:
  Adoption() noexcept;
  ~Adoption();
  Adoption(const Adoption&) = delete;
  Adoption& operator=(const Adoption&) = delete;

  /// Takes notice of the end of a reader, after all that it has left running in its session was killed. False: it goes
  /// on. `status` is as of waitpid().
  static bool has_ended(pid_t reader, int& status) noexcept;
  /// A reader that was killed, and of which the kernel has not let go: it is looked after with the next ones, and keeps
  /// its place until then.
  static void take(pid_t reader, core::Descriptor place) noexcept;
};

}  // namespace connector::reader
