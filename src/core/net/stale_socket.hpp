// Whether a connection that nobody uses has ended.
#pragma once

#include <poll.h>

namespace connector::core {

/// True if the peer has closed an idle connection, or, unless it may do so, has sent what nobody asked for: mostly the
/// last words of a session that is being ended. With TLS 1.3 keys of later sessions may come so, if nothing was read
/// since the handshake. Waits for nothing. False for the socket -1.
inline bool is_stale(int socket, bool may_send_unasked) noexcept {
  pollfd state{socket, POLLIN | POLLRDHUP, 0};
  if (poll(&state, 1, 0) <= 0) return false;
  return !may_send_unasked || (state.revents & (POLLERR | POLLHUP | POLLRDHUP)) != 0;
}

}  // namespace connector::core
