// Failures of the server and of the client library, as the connector's errors.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "drivers/postgres/login.hpp"

struct pg_conn;
struct pg_result;

namespace connector::postgres {

/// What a server, or the library, says of a failure.
struct NativeError {
  std::string sqlstate = {};  ///< empty = the library's own
  std::string message = {};   ///< one line
  std::string detail = {};    ///< whole lines for the DETAIL; empty = none
};

/// How far a connection had come when it failed.
enum class Stage { network, tls, login };

/// The server's error in a result; `connection` for what the library has to say in its place.
NativeError native_error(const pg_result* result, const pg_conn* connection);
/// What the library says of a connection in verbose form, in which a server's error shows its SQLSTATE:
/// `connection to server at "…" failed: FATAL:  28P01: …` and lines of DETAIL, HINT, LOCATION.
NativeError parse_connection_error(std::string_view text);

/// The failure to connect or log in.
core::Error connect_error(const Login& login, Stage stage, const NativeError& error);
/// The same, because time ran out.
core::Error connect_timeout_error(const Login& login);
/// The failure of a statement.
core::Error statement_error(core::Phase phase, std::string_view summary, const NativeError& error);

/// A role that is no superuser would use what is not its own.
[[noreturn]] void throw_password_missing();
[[noreturn]] void throw_password_unused();
/// A source is no longer what it was when it was described.
[[noreturn]] void throw_changed(core::Phase phase, std::string_view summary);
/// Rows or answers that the protocol does not allow.
[[noreturn]] void throw_malformed(std::string_view what, core::Phase phase = core::Phase::fetch,
                                  std::string_view summary = "could not read rows");

}  // namespace connector::postgres
