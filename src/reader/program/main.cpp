// The program connector-reader: a provider in a process of its own. The extension starts one for each connection.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <charconv>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string_view>

#include "reader/program/own_providers.hpp"
#include "reader/program/server.hpp"
#include "reader/program_contract.hpp"

namespace {

using namespace connector::reader;

std::optional<std::size_t> number(std::string_view text) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// What must hold before a driver is loaded.
void prepare(pid_t parent) {
  // The kernel ends it with the backend, however that ends.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
  // Where memory runs out the kernel is to end this process, and no other of the server.
  if (FILE* file = std::fopen("/proc/self/oom_score_adj", "we")) {
    std::fputs("1000", file);
    std::fclose(file);
  }
#ifndef __SANITIZE_ADDRESS__
  // Its memory holds passwords: no core file, whatever the kernel does with those, and no look from outside.
  prctl(PR_SET_DUMPABLE, 0);
#endif
  umask(S_IRWXG | S_IRWXO);
  // What a driver starts has no business with them.
  fcntl(socket_descriptor, F_SETFD, FD_CLOEXEC);
  fcntl(file_descriptor, F_SETFD, FD_CLOEXEC);
  // A server that is gone is an error of the call.
  std::signal(SIGPIPE, SIG_IGN);
  // Drivers write text for the locale's character set; numbers stay as SQL has them.
  std::setlocale(LC_CTYPE, "");
}

}  // namespace

int main(int count, char** arguments) {
  const auto parent = count == 4 ? number(arguments[1]) : std::nullopt;
  const auto memory = count == 4 ? number(arguments[2]) : std::nullopt;
  const connector::core::Provider* provider = count == 4 ? own_provider(arguments[3]) : nullptr;
  if (!parent || !memory || provider == nullptr) {
    std::fputs("connector-reader is started by PostgreSQL's extension connector, and is of no use without it\n",
               stderr);
    return 2;
  }
  prepare(static_cast<pid_t>(*parent));
  void* file = mmap(nullptr, file_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file_descriptor, 0);
  if (file == MAP_FAILED) {
    std::perror("could not map the memory for rows");
    return 1;
  }
  // Its thread outlives everything here.
  auto& inbox = *new Inbox(socket_descriptor, *memory);
  Server(*provider, socket_descriptor, static_cast<char*>(file), inbox).run();
  // What a driver has registered for the end of the process might hang.
  _exit(0);
}
