#include "reader/program/slots.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/base/error.hpp"

namespace connector::reader {

void Outbox::send(FrameKind kind, std::string_view body) {
  const std::string bytes = frame_bytes(kind, body);
  for (std::string_view rest = bytes; !rest.empty();) {
    const ssize_t sent = ::send(socket_, rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EINTR) {
      _exit(1);
    }
  }
}

void Slots::take(const Frame& frame) {
  if (frame.kind == FrameKind::close) throw core::Interrupted{};
  MoreFrame more;
  if (frame.kind != FrameKind::more || frame.body.size() != sizeof more) return;
  std::memcpy(&more, frame.body.data(), sizeof more);
  if (more.slot < slot_count) free_[more.slot] = true;
}

void Slots::look() {
  while (const std::optional<Frame> frame = inbox_.next_if_there()) take(*frame);
  if (inbox_.is_stopped()) throw core::Interrupted{};
}

char* Slots::next_slot() {
  look();
  while (!free_[next_]) {
    const std::optional<Frame> frame = inbox_.next();
    if (!frame) throw core::Interrupted{};
    take(*frame);
  }
  return file_ + next_ * slot_bytes;
}

void Slots::send(std::size_t bytes) {
  free_[next_] = false;
  outbox_.send(FrameKind::rows, body_bytes(RowsFrame{next_, static_cast<std::uint32_t>(bytes)}));
  next_ = (next_ + 1) % slot_count;
}

}  // namespace connector::reader
