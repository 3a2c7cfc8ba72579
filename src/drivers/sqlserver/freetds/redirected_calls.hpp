// The library's calls into the C library are redirected to ours.
//
// Why: FreeTDS (1.3 to 1.5; src/tds/net.c, config.c, login.c) leaves a program that uses it no other way to
// - wait with it: it waits inside poll(). dbsetinterrupt()'s function is asked once a second, and not at all while the
//   library dials and logs in, so neither a cancel nor a deadline could be kept.
// - know which addresses it dials: it resolves names by getaddrinfo(), which blocks: the server's, which it needs to
//   know to check the certificate, and the one that a server redirects a login to. The host rules would be void.
// - keep the environment out: it takes settings from there, and logs packets to files that it names.
// - survive malformed answers: some it meets with assert(), which would end the whole database server.
// - know which text it could not convert: it makes a question mark of such a character, and does not tell which column
//   has it.
//
// How: a shared library makes calls into other libraries through slots that the dynamic linker has filled with
// addresses (ELF gABI, "Dynamic Section"; DT_JMPREL and DT_RELA). Here the slots of this one library are filled with
// functions of ours. They do what the C library does, unless a session of ours is inside the library at the time. No
// other library of the process is changed, and FreeTDS's own files are not.
//
// The folder has all that stands on it: `library` makes db-lib ready for use, `text_conversion` does iconv()'s work,
// `messages` keeps what the library and the server say. Who waits and resolves is the session (LibraryHost).
#pragma once

#include <cstddef>
#include <netdb.h>
#include <poll.h>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "drivers/sqlserver/freetds/messages.hpp"

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

/// A call into the C library that is redirected, and in how many slots of the library it was found.
struct RedirectedCall {
  std::string_view name;
  int slots;
};

/// Redirects the calls of the loaded library that defines `symbol`, and tells which were found: a library need not make
/// all of them (assert() may be left out, poll() has two forms). Once a process. Throws core::Error if the library is
/// not built as expected: nothing could be promised then.
std::vector<RedirectedCall> redirect_library_calls(const char* symbol);

}  // namespace connector::sqlserver
