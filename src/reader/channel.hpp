// The backend's end of the way to a process connector-reader.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "core/net/wait.hpp"
#include "core/remote/provider.hpp"
#include "core/remote/secret_mask.hpp"
#include "reader/frame.hpp"
#include "reader/process.hpp"

namespace connector::reader {

/// After an interrupt, an error of the wait, or when the process ends or sends what it should not, the process is
/// killed and the channel is of no more use. Errors name the provider; secrets of the connection are masked in them.
class Channel {
 public:
  /// Starts the process and looks whether it is of this build. `request` is used for this; its wait outlives the
  /// channel.
  Channel(const core::ProviderInfo& info, const core::ConnectRequest& request, core::Deadline deadline);
  /// Lets the process disconnect and end, for a second.
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Asks, and gives what `read` makes of the body of the answer. Throws core::Error: what the reader's side says, or
  /// that it did not answer before the deadline. `phase` is for errors of the process itself.
  template <typename Read>
  auto ask(FrameKind kind, std::string_view body, core::Phase phase, Read&& read,
           core::Deadline deadline = core::no_deadline) {
    const std::string answer = call(kind, body, phase, deadline);
    return understood([&] { return read(answer); });
  }
  /// The same where the answer says nothing else.
  std::string call(FrameKind kind, std::string_view body, core::Phase phase,
                   core::Deadline deadline = core::no_deadline);
  /// For what has no answer.
  void tell(FrameKind kind, std::string_view body, core::Phase phase, core::Deadline deadline = core::no_deadline);
  /// The same, sent before whatever is sent next: for destructors, which don't wait.
  void tell_later(FrameKind kind, std::string_view body) { later_ += frame_bytes(kind, body); }

  /// While it is there nothing interrupts the channel, and each wait is bounded by its deadline alone: for destructors,
  /// and what may not throw.
  class Uninterrupted {
   public:
    explicit Uninterrupted(Channel& channel) noexcept : channel_(channel), before_(channel.wait_) {
      channel.wait_ = &poll_;
    }
    ~Uninterrupted() { channel_.wait_ = before_; }
    Uninterrupted(const Uninterrupted&) = delete;
    Uninterrupted& operator=(const Uninterrupted&) = delete;

   private:
    Channel& channel_;
    core::Wait* before_;
    core::PollWait poll_;
  };

  /// The next frame, whatever it is.
  Frame receive(core::Phase phase, core::Deadline deadline = core::no_deadline);
  /// The error in the body of `failed`.
  core::Error failure(std::string_view body);
  /// What `read` makes of what the process has sent. If it throws, the process is killed.
  template <typename Read>
  auto understood(Read&& read) {
    try {
      return read();
    } catch (...) {
      process_.kill();
      throw;
    }
  }

  /// Asks the process to stop what it does and to end, waits for that until the deadline, then kills it.
  void end(core::Deadline deadline) noexcept;
  bool usable() const noexcept { return process_.socket() >= 0; }
  const Process& process() const noexcept { return process_; }

 private:
  void send(std::string_view bytes, core::Phase phase, core::Deadline deadline);
  void look(core::Phase phase, core::Deadline deadline);
  void wait_for(unsigned events, core::Phase phase, core::Deadline deadline);
  [[noreturn]] void throw_ended(core::Phase phase);
  [[noreturn]] void throw_silent(core::Phase phase);

  std::string_view provider_;
  core::Wait* wait_;  ///< never null
  core::SecretMask mask_;
  Process process_;
  FrameAssembler frames_;
  std::string later_;  ///< frames that were not sent yet
};

/// How long the process has to end by itself, from now on.
core::Deadline patience() noexcept;

}  // namespace connector::reader
