// A process of the program connector-reader, as the backend sees it.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>

#include "core/net/wait.hpp"
#include "core/remote/reader_rules.hpp"
#include "reader/adoption.hpp"
#include "core/net/descriptor.hpp"

namespace connector::reader {

/// The path of the program, which stands beside the library (or program) that has this function.
std::string program_path();

class Process {
 public:
  /// Starts the program, in which the provider runs. Throws core::Error (cannot_connect) if it is not there, or if
  /// others than root and this account can write to it.
  Process(const core::ReaderRules& rules, std::string_view provider);
  /// Kills it, if it has not ended, with all processes of its session.
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  /// Does not block; -1 once the process was given up.
  int socket() const noexcept { return socket_.get(); }
  /// Readable once the process has ended: what it has left running may keep its end of the socket open. -1 where the
  /// kernel has no such thing.
  int end_descriptor() const noexcept { return end_.get(); }
  const core::Descriptor& shared_file() const noexcept { return file_; }

  /// Whether it has ended, or ends until then. Nobody interrupts that.
  bool ends_until(core::Deadline deadline) noexcept;
  /// Kills it, and closes the socket.
  void kill() noexcept;
  /// Takes what it has written to stderr, so that there is room for more.
  void listen() noexcept;
  /// Behind the end: how that was, and what it had written to stderr, in whole sentences: "It was ended by signal 11
  /// (Segmentation fault)."
  std::string last_words();

 private:
  bool reap() noexcept;

  Adoption adoption_;
  core::Descriptor place_;
  core::Descriptor socket_;
  core::Descriptor file_;
  core::Descriptor stderr_;
  core::Descriptor end_;
  pid_t pid_ = -1;       ///< -1: none, or it was reaped
  int status_ = 0;       ///< of waitpid(), once it was reaped
  bool killed_ = false;  ///< by us
  std::string said_;     ///< the end of what it has written to stderr
};

}  // namespace connector::reader
