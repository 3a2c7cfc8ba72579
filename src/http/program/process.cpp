#include "http/program/process.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

#include <csignal>

namespace connector::http {

void prepare_process() noexcept {
#ifndef __SANITIZE_ADDRESS__
  // Not with AddressSanitizer, which looks for leaks as a debugger does.
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  rlimit descriptors{};
  if (getrlimit(RLIMIT_NOFILE, &descriptors) == 0) {
    descriptors.rlim_cur = descriptors.rlim_max;
    setrlimit(RLIMIT_NOFILE, &descriptors);
  }
  std::signal(SIGPIPE, SIG_IGN);
}

}  // namespace connector::http
