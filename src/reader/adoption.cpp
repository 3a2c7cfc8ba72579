#include "reader/adoption.hpp"

#include <sys/prctl.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <ctime>
#include <new>
#include <utility>
#include <vector>

namespace connector::reader {

namespace {

struct Leftover {
  pid_t reader;
  core::Descriptor place;
};

int adoptions = 0;
int before = 0;  ///< whether this process had asked for it already

/// All of the process. At its end they are let alone.
std::vector<Leftover>& leftovers() noexcept {
  static std::vector<Leftover> all;
  return all;
}

void tidy_up() noexcept {
  int status;
  std::erase_if(leftovers(), [&](const Leftover& left) { return Adoption::has_ended(left.reader, status); });
}

void ask(unsigned long whether) noexcept {
  prctl(PR_SET_CHILD_SUBREAPER, whether, 0, 0, 0);
}

}  // namespace

Adoption::Adoption() noexcept {
  tidy_up();
  if (adoptions++ > 0) return;
  prctl(PR_GET_CHILD_SUBREAPER, &before, 0, 0, 0);
  ask(1);
}

Adoption::~Adoption() {
  tidy_up();
  if (--adoptions == 0 && before == 0) ask(0);
}

bool Adoption::has_ended(pid_t reader, int& status) noexcept {
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(reader), &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
    // Somebody else may have taken notice of it: then its number may be another's.
    return errno != EINTR;
  }
  if (info.si_pid != reader) return false;
  // While nobody has taken notice of its end, its number, and with it that of the group, is its own.
  kill(-reader, SIGKILL);
  while (waitpid(reader, &status, 0) < 0 && errno == EINTR) {
  }
  // What it has left is on its way to its end.
  constexpr timespec pause{0, 1'000'000};
  for (int looks = 0; looks < 100; ++looks) {
    int of_child;
    const pid_t ended = waitpid(-reader, &of_child, WNOHANG);
    if (ended < 0 && errno == ECHILD) break;
    if (ended == 0) nanosleep(&pause, nullptr);
  }
  return true;
}

void Adoption::take(pid_t reader, core::Descriptor place) noexcept {
  try {
    leftovers().push_back({reader, std::move(place)});
  } catch (const std::bad_alloc&) {
    // It stays a child that nobody looks after.
  }
}

}  // namespace connector::reader
