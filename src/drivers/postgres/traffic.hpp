// How much came through a socket.
#pragma once

#include <cstdint>

namespace connector::postgres {

/// Bytes that the peer of a TCP socket sent and the system acknowledged (tcp(7), TCP_INFO); 0 where it does not count.
std::uint64_t received_bytes(int socket) noexcept;

}  // namespace connector::postgres
