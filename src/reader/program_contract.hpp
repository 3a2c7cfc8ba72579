// What the program connector-reader is given when it is started, and how it ends.
#pragma once

namespace connector::reader {

// Beside stdin and stdout, which are empty, and stderr, which the backend reads.
inline constexpr int socket_descriptor = 3;
inline constexpr int file_descriptor = 4;
inline constexpr int last_descriptor = file_descriptor;

/// The exit status of a process that used more memory than it may.
inline constexpr int memory_status = 77;

}  // namespace connector::reader
