// What a library can do to the process that has loaded it.
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "misdeeds.hpp"

namespace hostile {

namespace {

using namespace std::chrono_literals;

[[noreturn]] void sleep_for_ever() {
  for (;;) std::this_thread::sleep_for(1s);
}

[[noreturn]] void segfault() {
  *static_cast<volatile int*>(nullptr) = 1;
  std::abort();
}

// What is in the frame is used behind the call, so the compiler makes no loop of it.
int overflow_stack(int depth) {  // NOLINT(misc-no-recursion)
  volatile char frame[4096];
  if (depth < 0) return 0;
  frame[depth % 4096] = static_cast<char>(depth);
  return overflow_stack(depth + 1) + frame[depth % 4096];
}

std::vector<int> descriptors() {
  std::vector<int> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    found.push_back(std::atoi(entry.path().filename().c_str()));
  return found;
}

void write_into_descriptors() {
  const std::string garbage(4000, '\x7b');
  for (const int fd : descriptors()) {
    if (send(fd, garbage.data(), garbage.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0 || errno != ENOTSOCK) continue;
    if (write(fd, garbage.data(), garbage.size()) < 0) continue;
  }
}

void leak_descriptors() {
  while (open("/dev/null", O_RDONLY) >= 0) continue;
}

// Far more than the tests allow. A process that is not stopped by then ends: the machine has other things to do.
[[noreturn]] void leak_memory() {
  constexpr std::size_t size = 1 << 20, most = 4096;
  for (std::size_t count = 0; count < most; ++count) {
    auto* piece = static_cast<char*>(std::malloc(size));
    if (piece != nullptr) std::memset(piece, 1, size);
    if (count % 64 == 0) std::this_thread::sleep_for(10ms);
  }
  std::fputs("nobody has stopped the leak of memory\n", stderr);
  _exit(99);
}

void change_handlers() {
  for (const int number : {SIGTERM, SIGINT, SIGALRM, SIGCHLD, SIGPIPE, SIGHUP, SIGQUIT}) signal(number, SIG_IGN);
  signal(SIGSEGV, [](int) { sleep_for_ever(); });
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  prctl(PR_SET_PDEATHSIG, 0);
}

void fork_child() {
  if (fork() == 0) sleep_for_ever();
}

struct Mapping {
  char* begin;
  char* end;
};

std::vector<Mapping> shared_mappings() {
  std::vector<Mapping> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find("memfd:") == std::string::npos) continue;
    unsigned long begin = 0, end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) == 2)
      found.push_back({reinterpret_cast<char*>(begin), reinterpret_cast<char*>(end)});
  }
  return found;
}

// The file of the mapping is cut to nothing, if nothing forbids it, and what is in it is rewritten again and again.
[[noreturn]] void scribble(unsigned seed) {
  for (const int fd : descriptors()) {
    if (std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)).string().find("memfd:") ==
        std::string::npos)
      continue;
    if (ftruncate(fd, 0) == 0) std::fputs("the shared file was truncated\n", stderr);
  }
  const auto mappings = shared_mappings();
  if (mappings.empty()) std::fputs("no shared mapping was found\n", stderr);
  for (const auto& each : mappings)
    mprotect(each.begin, static_cast<std::size_t>(each.end - each.begin), PROT_READ | PROT_WRITE);
  for (;;) {
    for (const auto& each : mappings) {
      // The beginning, where sizes and offsets are more likely, is rewritten as often as all the rest.
      for (auto* at = each.begin; at < each.end && at < each.begin + 4096; at += 4)
        if (const unsigned value = rand_r(&seed); value % 3 == 0) std::memcpy(at, &value, 4);
      const auto words = static_cast<unsigned>((each.end - each.begin) / 4);
      for (int i = 0; i < 1024; ++i) {
        const unsigned value = rand_r(&seed) % 5 == 0 ? 0xffffffffU : static_cast<unsigned>(rand_r(&seed));
        std::memcpy(each.begin + static_cast<std::size_t>(rand_r(&seed)) % words * 4, &value, 4);
      }
    }
  }
}

void in_thread(void (*work)()) {
  std::thread(work).detach();
}

}  // namespace

bool harm_process(std::string_view what) {
  static const std::map<std::string_view, std::function<void()>> harms = {
      {"hang", [] { sleep_for_ever(); }},
      {"spin",
       [] {
         for (volatile bool on = true; on;) continue;
       }},
      {"stop", [] { raise(SIGSTOP); }},
      {"segfault", [] { segfault(); }},
      {"abort", [] { std::abort(); }},
      {"floating_point", [] { raise(SIGFPE); }},
      {"terminate", [] { raise(SIGTERM); }},
      {"kill", [] { raise(SIGKILL); }},
      {"exit0", [] { std::exit(0); }},
      {"exit1", [] { std::exit(1); }},
      {"quick_exit", [] { _exit(75); }},
      {"stack_overflow", [] { overflow_stack(0); }},
      {"thread", [] { in_thread([] { sleep_for_ever(); }); }},
      {"thread_crash", [] { in_thread([] { segfault(); }); }},
      {"handlers", [] { change_handlers(); }},
      {"stdout",
       [] {
         for (const int fd : {1, 2})
           if (write(fd, "garbage of the driver\n\xff\x01\n", 25) < 0) continue;
       }},
      {"much_stderr",
       [] {
         const std::string line(1023, 'x');
         for (int i = 0; i < 4096; ++i) std::fprintf(stderr, "%s\n", line.c_str());
       }},
      {"stdin",
       [] {
         char byte;
         while (read(0, &byte, 1) > 0) continue;
       }},
      {"last_words",
       [] {
         std::fputs("these are the last words of the driver\n", stderr);
         std::abort();
       }},
      {"close_fds",
       [] {
         for (const int fd : descriptors())
           if (fd > 2) close(fd);
       }},
      {"write_fds", [] { write_into_descriptors(); }},
      {"leak_fds", [] { leak_descriptors(); }},
      {"leak_memory", [] { leak_memory(); }},
      {"fork_child", [] { fork_child(); }},
      {"scribble_shared", [] { in_thread([] { scribble(1); }); }},
  };
  const auto found = harms.find(what);
  if (found == harms.end()) return false;
  found->second();
  return true;
}

}  // namespace hostile
