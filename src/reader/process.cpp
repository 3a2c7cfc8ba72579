#include "reader/process.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"
#include "reader/adoption.hpp"
#include "reader/places.hpp"
#include "reader/program_contract.hpp"
#include "reader/shared_file.hpp"

namespace connector::reader {

namespace {

using core::Error;
using core::ErrorNumber;

Error start_error(const std::string& what, int code) {
  return {
      ErrorNumber::cannot_connect,
      "could not start the reader process: " + what + (code == 0 ? "" : ": " + std::generic_category().message(code)),
      "", "The program connector-reader stands beside the extension's library; \"make install\" puts it there."};
}

/// Whoever can write there can run what he likes with the rights of this account.
void check_is_safe(const std::string& path) {
  struct stat state;
  if (stat(path.c_str(), &state) != 0) throw start_error("could not find \"" + path + "\"", errno);
  const bool is_ours = state.st_uid == 0 || state.st_uid == geteuid();
  const bool others_write = (state.st_mode & (S_IWGRP | S_IWOTH)) != 0;
  if (!is_ours || others_write) {
    throw Error(ErrorNumber::cannot_connect, "could not start the reader process: \"" + path + "\" is not safe",
                "Others than root and the account of the server can write to it.",
                "Make it root's, and take the right to write from group and others.");
  }
}

/// Variables that the program gets from the server's own environment.
constexpr const char* inherited[] = {"PATH", "TZ", "ODBCSYSINI"};

/// What the program gets: those, and what the administrator says.
std::vector<std::string> environment_of(const core::ReaderRules& rules) {
  std::vector<std::string> environment;
  const auto add = [&](const std::string& variable) {
    const std::string name = variable.substr(0, variable.find('=') + 1);
    std::erase_if(environment, [&](const std::string& other) { return other.starts_with(name); });
    environment.push_back(variable);
  };
  // Drivers write text for the locale's character set.
  const char* language = std::getenv("LANG");
  const std::string_view set = language == nullptr ? "" : language;
  const bool is_utf8 = set.ends_with(".UTF-8") || set.ends_with(".utf8");
  add("LANG=" + std::string(is_utf8 ? set : "C.UTF-8"));
  for (const char* name : inherited) {
    if (const char* value = std::getenv(name)) add(std::string(name) + '=' + value);
  }
  for (const std::string& variable : rules.environment) add(variable);
  return environment;
}

/// A copy of the descriptor that stands in the way of none of those that the program gets.
core::Descriptor lifted(const core::Descriptor& descriptor) {
  return core::Descriptor(fcntl(descriptor.get(), F_DUPFD_CLOEXEC, last_descriptor + 1));
}

class SpawnActions {
 public:
  SpawnActions() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
  }
  ~SpawnActions() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;

  void give(const core::Descriptor& descriptor, int as) {
    check(posix_spawn_file_actions_adddup2(&actions_, descriptor.get(), as));
  }
  void give_null(int as, int mode) { check(posix_spawn_file_actions_addopen(&actions_, as, "/dev/null", mode, 0)); }
  void close_others() { check(posix_spawn_file_actions_addclosefrom_np(&actions_, last_descriptor + 1)); }
  /// A session of its own, no signal blocked, and each as the system has it.
  void set_defaults() {
    sigset_t signals;
    sigemptyset(&signals);
    check(posix_spawnattr_setsigmask(&attributes_, &signals));
    sigfillset(&signals);
    check(posix_spawnattr_setsigdefault(&attributes_, &signals));
    check(posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
  }
  pid_t spawn(const std::string& program, std::vector<char*> arguments, std::vector<char*> environment) {
    pid_t pid = -1;
    check(posix_spawn(&pid, program.c_str(), &actions_, &attributes_, arguments.data(), environment.data()));
    return pid;
  }

 private:
  static void check(int code) {
    if (code != 0) throw start_error("could not run it", code);
  }

  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  for (std::string& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

/// What a driver has written, fit for a message.
std::string shown_lines(std::string_view words) {
  std::string shown;
  for (std::string_view rest = words; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string line = core::shown_text(rest.substr(0, end), words.size());
    core::add_item(shown, line, "\n");
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return shown;
}

}  // namespace

std::string program_path() {
  Dl_info info;
  if (dladdr(reinterpret_cast<const void*>(&program_path), &info) == 0 || info.dli_fname == nullptr ||
      info.dli_fname[0] != '/') {
    throw start_error("could not tell where the extension's library stands", 0);
  }
  const std::string library = info.dli_fname;
  return library.substr(0, library.rfind('/') + 1) + "connector-reader";
}

Process::Process(const core::ReaderRules& rules, std::string_view provider) : place_(take_place(rules)) {
  check_is_safe(rules.program.substr(0, rules.program.rfind('/') + 1));
  check_is_safe(rules.program);
  file_ = make_shared_file();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw start_error("could not make sockets", errno);
  socket_ = core::Descriptor(ends[0]);
  const core::Descriptor its_socket = lifted(core::Descriptor(ends[1]));
  if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) throw start_error("could not make a pipe", errno);
  stderr_ = core::Descriptor(ends[0]);
  // It does not block where nobody reads: what is too much for the pipe is lost.
  const core::Descriptor its_stderr = lifted(core::Descriptor(ends[1]));
  const core::Descriptor its_file = lifted(file_);
  if (its_socket.get() < 0 || its_stderr.get() < 0 || its_file.get() < 0) {
    throw start_error("there are too many open files", errno);
  }
  if (fcntl(socket_.get(), F_SETFL, O_NONBLOCK) != 0) throw start_error("could not make sockets", errno);
  SpawnActions actions;
  actions.give_null(STDIN_FILENO, O_RDONLY);
  actions.give_null(STDOUT_FILENO, O_WRONLY);
  actions.give(its_stderr, STDERR_FILENO);
  actions.give(its_socket, socket_descriptor);
  actions.give(its_file, file_descriptor);
  actions.close_others();
  actions.set_defaults();
  std::vector<std::string> arguments = {"connector-reader", std::to_string(getpid()),
                                        std::to_string(rules.memory_bytes), std::string(provider)};
  std::vector<std::string> environment = environment_of(rules);
  pid_ = actions.spawn(rules.program, pointers(arguments), pointers(environment));
  // The C library declares the function only from version 2.36 on, and there not for C++.
  end_ = core::Descriptor(static_cast<int>(syscall(SYS_pidfd_open, pid_, 0)));
}

Process::~Process() {
  kill();
}

bool Process::reap() noexcept {
  if (pid_ >= 0 && Adoption::has_ended(pid_, status_)) pid_ = -1;
  return pid_ < 0;
}

bool Process::ends_until(core::Deadline deadline) noexcept {
  constexpr timespec pause{0, 1'000'000};
  while (!reap()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    nanosleep(&pause, nullptr);
  }
  return true;
}

void Process::kill() noexcept {
  socket_ = core::Descriptor();
  if (reap()) return;
  killed_ = true;
  ::kill(-pid_, SIGKILL);
  if (ends_until(std::chrono::steady_clock::now() + std::chrono::milliseconds(200))) return;
  // It hangs in the kernel.
  Adoption::take(pid_, std::move(place_));
  pid_ = -1;
}

void Process::listen() noexcept {
  constexpr std::size_t kept = 2000;
  // More than a pipe holds. Who writes without an end is not listened to without one: nothing interrupts that.
  constexpr int most_pieces = 32;
  char piece[4096];
  for (int pieces = 0; pieces < most_pieces; ++pieces) {
    const ssize_t count = read(stderr_.get(), piece, sizeof piece);
    if (count <= 0) break;
    said_.append(piece, static_cast<std::size_t>(count));
    if (said_.size() > kept) said_.erase(0, said_.size() - kept);
  }
}

std::string Process::last_words() {
  std::string words;
  if (pid_ >= 0 || killed_) {
    words = "It did not end, and was killed.";
  } else if (WIFSIGNALED(status_)) {
    const int signal = WTERMSIG(status_);
    words = "It was ended by signal " + std::to_string(signal) + " (" + strsignal(signal) + ").";
  } else if (WEXITSTATUS(status_) == memory_status) {
    words = "It used more memory than connector.reader_memory allows.";
  } else {
    words = "It ended by itself, with status " + std::to_string(WEXITSTATUS(status_)) + ".";
  }
  listen();
  const std::string said = shown_lines(said_);
  if (!said.empty()) words += "\nIt had written: " + said;
  return words;
}

}  // namespace connector::reader
