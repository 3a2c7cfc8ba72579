// The calls that FreeTDS makes into the C library, led through us.
//
// What its interface lacks in 1.3 (src/tds/net.c, config.c, login.c):
// - It waits inside poll(). dbsetinterrupt()'s function is asked once a second, and not at all while the library dials
//   and logs in, so neither a cancel nor a deadline could be kept.
// - It resolves names itself, by getaddrinfo(), which blocks: the server's, which it needs to know to check the
//   certificate, and the one that a server redirects a login to. The host rules would be void.
// - It takes settings from the environment, and logs packets to files it names.
// - It meets some malformed answers with assert(), which would end the whole database server.
// - It makes a question mark of a character that it can't convert, and does not tell which column has it.
// A shared library makes such calls through slots that the dynamic linker has filled with addresses (ELF gABI,
// "Dynamic Section"; DT_JMPREL and DT_RELA). Here the slots of this one library are filled with functions of ours.
// They do what the C library does, unless a session of ours is inside the library at the time.
#pragma once

#include <cstddef>
#include <netdb.h>
#include <poll.h>
#include <sys/types.h>

#include "drivers/sqlserver/messages.hpp"

namespace connector::sqlserver {

/// Who answers the library's calls. Called on the stack that the library runs on; must not throw.
class LibraryHost {
 public:
  /// As poll(), recv() and getaddrinfo().
  virtual int poll_for_library(pollfd* sockets, nfds_t count) noexcept = 0;
  virtual ssize_t receive_for_library(int socket, void* buffer, std::size_t size, int flags) noexcept = 0;
  virtual int resolve_for_library(const char* name, const addrinfo* hints, addrinfo** found) noexcept = 0;
  /// The server, or the library itself, said something.
  virtual void take_message(Message message) noexcept = 0;
  /// A text that the library has read has an invalid_character (text_conversion.hpp).
  virtual void met_invalid_text() noexcept = 0;
  /// The library found itself in a state that it takes for impossible. Must not return to it.
  [[noreturn]] virtual void library_failed(const char* assertion) noexcept = 0;

  /// Whose call of the library is running; null = nobody's, or somebody else's in this process.
  static LibraryHost* running;

 protected:
  ~LibraryHost() = default;
};

/// Leads the calls of the loaded library that defines `symbol`. Once a process. Throws core::Error if the library is
/// not built as expected: nothing could be promised then.
void lead_library_calls(const char* symbol);

}  // namespace connector::sqlserver
