// Errors of the connector: what went wrong, where, and what to do next.
//
// Everything below src/pg reports failures by throwing core::Error. The boundary (src/pg) turns it
// into a PostgreSQL error, with message, detail, hint and SQLSTATE kept apart.
#pragma once

#include <exception>
#include <span>
#include <string>
#include <string_view>

namespace connector::core {

/// The documented error numbers (the values of CARTO's `error_code`).
enum class ErrorNumber : int {
  cannot_read = 1011,
  cannot_connect = 1012,
  bad_name = 1014,
  skipped = 1022,
  connectors_disabled = 1501,
  invalid_parameters = 1502,
  cannot_load = 2001,
  too_many_columns = 2004,
  duplicated_column = 2005,
  encoding = 2006,
  incompatible_schemas = 2012,
  dependents_in_the_way = 2013,
  timed_out = 6667,
  too_many_concurrent = 6669,
  worker_lost = 6671,
  cancelled = 6672,
  remote_silent = 6673,
  unknown = 99999,
};

/// Where on the way of a row a failure happened.
enum class Phase { request, connect, authenticate, describe, execute, fetch, convert, load };

/// One row of `cdb_error_codes()`.
struct ErrorNumberInfo {
  ErrorNumber number;
  std::string_view title;
  std::string_view what_to_do;
  std::string_view who;       ///< who can fix it: "user", "administrator" or "remote"
  std::string_view sqlstate;  ///< five characters
};

/// All error numbers, ascending.
std::span<const ErrorNumberInfo> error_numbers() noexcept;

/// The row of one number; never fails.
const ErrorNumberInfo& error_number_info(ErrorNumber number) noexcept;

/// The lower-case word of a phase, as it stands in messages.
std::string_view phase_name(Phase phase) noexcept;

/// A failure, worded after PostgreSQL's style guide: `message` is lower case without a full stop,
/// `detail` and `hint` are whole sentences. No part may ever hold a password.
class Error : public std::exception {
 public:
  Error(ErrorNumber number, std::string message, std::string detail = {}, std::string hint = {},
        bool permanent = false);

  const char* what() const noexcept override { return message_.c_str(); }
  ErrorNumber number() const noexcept { return number_; }
  const std::string& message() const noexcept { return message_; }
  /// The DETAIL as the user sees it: always ends with the line `Connector error N.`
  const std::string& detail() const noexcept { return detail_; }
  const std::string& hint() const noexcept { return hint_; }
  /// The same error with one more sentence behind its hint.
  Error with_hint(std::string_view sentence) const;
  /// The same error as one for which denied_login() is true.
  Error with_denied_login() const;
  /// The same error as one that is about this key of the connector JSON.
  Error with_parameter(std::string key) const;
  /// True if the remote said something that will not pass by itself: no such table, a missing privilege.
  bool permanent() const noexcept { return permanent_; }
  /// True if the remote refused the login of the account: somebody may repair that, but each attempt brings the account
  /// nearer to being locked there.
  bool denied_login() const noexcept { return denied_login_; }
  /// The key of the connector JSON that the error is about, with the path to it: "connection.password"; empty: not
  /// known, or no single one.
  const std::string& parameter() const noexcept { return parameter_; }
  /// The SQLSTATE that belongs to the number.
  std::string_view sqlstate() const noexcept { return error_number_info(number_).sqlstate; }

 private:
  ErrorNumber number_;
  std::string message_;
  std::string detail_;
  std::string hint_;
  bool permanent_;
  bool denied_login_ = false;
  std::string parameter_;

  friend Error remote_error(const struct RemoteFailure& failure);
};

/// What a driver knows of a failure that the remote side or the client library reported.
struct RemoteFailure {
  std::string_view provider;  ///< provider id, "mysql"
  Phase phase;
  ErrorNumber number;
  long native_code = 0;                 ///< the server's or library's own number; 0 = none
  std::string_view sqlstate = {};       ///< the remote SQLSTATE; empty = none
  std::string_view summary;             ///< what could not be done: `could not connect to server "db1", port 3306`
  std::string_view remote_message;      ///< the remote's own words; 64 KiB of them are kept
  std::string_view remote_detail = {};  ///< what the remote says beside its message: whole lines for the DETAIL
  std::string_view hint = {};
  bool temporary = false;           ///< will pass by itself, although its SQLSTATE is of a class that does not
  bool permanent = false;           ///< will not pass by itself, although no SQLSTATE says so
  bool denied_login = false;        ///< the account was refused: tried again later, whatever its SQLSTATE
  std::string_view parameter = {};  ///< what Error::parameter() is to say; empty: what follows from the rest
};

/// The hint where no connection comes about at all.
inline constexpr std::string_view unreachable_hint =
    "Is the server running there, on this port, and does a firewall let connections from this server through?";

/// What RemoteFailure::parameter is where no connection comes about at all: the port if it is that which refused, as
/// the remote message has the system's words or number for that, else the server.
std::string_view unreachable_parameter(std::string_view remote_message);

/// What another side says, as much of it as is kept with each run and logged: 64 KiB.
std::string bounded_message(std::string_view remote_text);

/// Words a remote failure: message = "summary: remote message", DETAIL names provider, phase,
/// native code, remote SQLSTATE and the connector error number. A refused statement without a hint gets a general one.
Error remote_error(const RemoteFailure& failure);

/// Thrown by Wait when the caller asked to stop (cancel, timeout, termination). Carries nothing: the
/// boundary asks PostgreSQL what it was. Deliberately no std::exception, so that no driver swallows it.
struct Interrupted {};

}  // namespace connector::core
