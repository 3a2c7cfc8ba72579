#include "reader/channel.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "reader/broken_reader.hpp"
#include "reader/messages.hpp"

namespace connector::reader {

using core::Deadline;
using core::Error;
using core::ErrorNumber;
using core::Phase;

Deadline patience() noexcept {
  return std::chrono::steady_clock::now() + std::chrono::seconds(1);
}

namespace {

ErrorNumber number_of(Phase phase) noexcept {
  return phase == Phase::connect ? ErrorNumber::cannot_connect : ErrorNumber::cannot_read;
}

const core::ReaderRules& rules_of(const core::ConnectRequest& request) {
  if (request.reader != nullptr) return *request.reader;
  throw Error(ErrorNumber::cannot_connect, "no reader process can be started here");
}

}  // namespace

Channel::Channel(const core::ProviderInfo& info, const core::ConnectRequest& request, Deadline deadline)
    : provider_(info.id), wait_(&request.wait), mask_(info, request.options), process_(rules_of(request), info.id) {
  const Frame hello = receive(Phase::connect, deadline);
  if (hello.kind == FrameKind::hello && hello.body == build_id()) return;
  throw Error(ErrorNumber::cannot_connect, "the reader process is of another build than the extension in this session",
              "The extension was installed anew since the session, or the server, loaded it.",
              "Connect to the database again; if connector is in shared_preload_libraries, restart the server.");
}

Channel::~Channel() {
  end(patience());
}

void Channel::end(Deadline deadline) noexcept {
  if (!usable()) return;
  const std::string stop = frame_bytes(FrameKind::stop, {});
  // Where there is no room for it, the end of the socket says the same.
  ::send(process_.socket(), stop.data(), stop.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  process_.ends_until(deadline);
  process_.kill();
}

Error Channel::failure(std::string_view body) {
  const auto shown = [this](const std::string& text) { return mask_(core::bounded_message(text)); };
  return understood([&] { return error_message(body, shown); });
}

void Channel::throw_ended(Phase phase) {
  process_.ends_until(patience());
  process_.kill();
  throw core::remote_error(
      {.provider = provider_,
       .phase = phase,
       .number = number_of(phase),
       .summary = "the reader process ended",
       .remote_message = "",
       .remote_detail = mask_(process_.last_words()),
       .hint = "The driver has crashed, has ended its process, or somebody else has. Try again; if it recurs, look for "
               "another version of the driver."});
}

void Channel::throw_silent(Phase phase) {
  end(patience());
  throw core::remote_error({.provider = provider_,
                            .phase = phase,
                            .number = ErrorNumber::timed_out,
                            .summary = "the driver did not answer in time",
                            .remote_message = "",
                            .hint = core::unreachable_hint});
}

/// A process that sends without an end is interrupted like one that is silent.
void Channel::look(Phase phase, Deadline deadline) {
  try {
    wait_->check();
  } catch (...) {
    end(patience());
    throw;
  }
  if (deadline != core::no_deadline && std::chrono::steady_clock::now() >= deadline) throw_silent(phase);
}

void Channel::wait_for(unsigned events, Phase phase, Deadline deadline) {
  process_.listen();
  std::array<core::WaitSocket, 2> sockets{
      {{process_.socket(), events}, {process_.end_descriptor(), core::wait_readable}}};
  try {
    wait_->wait(sockets, deadline);
  } catch (...) {
    end(patience());
    throw;
  }
  if (sockets[0].ready != core::wait_none) return;
  if (sockets[1].ready != core::wait_none) throw_ended(phase);
  throw_silent(phase);
}

void Channel::send(std::string_view bytes, Phase phase, Deadline deadline) {
  while (!bytes.empty()) {
    look(phase, deadline);
    const ssize_t sent = ::send(process_.socket(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      wait_for(core::wait_writable, phase, deadline);
    } else if (errno != EINTR) {
      throw_ended(phase);
    }
  }
}

Frame Channel::receive(Phase phase, Deadline deadline) {
  constexpr std::size_t piece = 16 * 1024;
  for (;;) {
    look(phase, deadline);
    if (std::optional<Frame> frame = understood([&] { return frames_.next(); })) return std::move(*frame);
    const ssize_t count = recv(process_.socket(), frames_.space(piece), piece, 0);
    if (count > 0) {
      frames_.added(static_cast<std::size_t>(count));
    } else if (count < 0 && errno == EAGAIN) {
      wait_for(core::wait_readable, phase, deadline);
    } else if (count == 0 || errno != EINTR) {
      throw_ended(phase);
    }
  }
}

void Channel::tell(FrameKind kind, std::string_view body, Phase phase, Deadline deadline) {
  if (!usable()) return;
  send(std::exchange(later_, {}) + frame_bytes(kind, body), phase, deadline);
}

std::string Channel::call(FrameKind kind, std::string_view body, Phase phase, Deadline deadline) {
  if (!usable()) {
    throw Error(ErrorNumber::cannot_read, "the connection to the server was given up",
                "Provider " + std::string(provider_) + ", phase connect.", "Connect again.");
  }
  tell(kind, body, phase, deadline);
  Frame answer = receive(phase, deadline);
  if (answer.kind == FrameKind::done) return std::move(answer.body);
  if (answer.kind == FrameKind::failed) throw failure(answer.body);
  return understood([]() -> std::string { throw broken_reader("an answer is none"); });
}

}  // namespace connector::reader
