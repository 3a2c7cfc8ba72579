#include "drivers/hive/errors.hpp"

#include "core/base/utf8.hpp"
#include "core/remote/connection_parameters.hpp"
#include "drivers/hive/rpc/hiveserver2_types.h"

namespace connector::hive {

namespace {

using core::ErrorNumber;
using core::Phase;
using Kind = Failure::Kind;

std::string connect_summary(const Login& login) {
  return "could not connect to server " + core::quoted(login.server) + ", port " + std::to_string(login.port);
}

/// What the server says of a failure, wherever it says it.
struct NativeError {
  std::string message;
  std::string sqlstate;
  long code = 0;
};

/// Spark appends the calls on Java's stack, with the message once more in between.
std::string without_calls(std::string_view message) {
  message = message.substr(0, message.find("\n\tat "));
  for (bool more = true; more;) {
    constexpr std::string_view title = "Driver stacktrace:";
    more = message.ends_with(title);
    if (more) message.remove_suffix(title.size());
    while (!message.empty() && (message.back() == '\n' || message.back() == ' ')) message.remove_suffix(1);
  }
  return std::string(message);
}

/// An answer may come without a message, but hardly without a trace of Java's calls, whose first line is one.
NativeError native_error(const rpc::Status& status) {
  NativeError error{without_calls(status.errorMessage), status.sqlState, status.errorCode};
  if (error.message.empty() && !status.infoMessages.empty()) error.message = status.infoMessages[0];
  if (error.message.empty()) error.message = "status " + std::to_string(status.statusCode) + " of the server";
  return error;
}

/// Hive's general state, 08S01, says nothing; its own numbers do (org.apache.hadoop.hive.ql.ErrorMsg: below 20000 the
/// query is at fault, 2xxxx and 3xxxx come up at run time).
bool is_permanent(const NativeError& error) {
  return error.code >= 10000 && error.code < 20000;
}

std::string_view statement_hint(const NativeError& error) {
  if (error.sqlstate == "42S02" || error.code == 10001) return "Check schema and table.";
  if (error.message.find("Invalid OperationHandle") != std::string::npos ||
      error.message.find("Invalid SessionHandle") != std::string::npos) {
    return "The server gave the session up: it may have been restarted, or its timeouts for idle sessions and "
           "operations may be too short.";
  }
  return "";
}

/// Which key of the connection it is about, where the phase does not say.
std::string_view connect_parameter(const Failure& failure) {
  if (failure.kind() == Kind::unreachable) return core::unreachable_parameter(failure.what());
  return failure.kind() == Kind::tls ? "connection.sslmode" : "";
}

core::Error reported(const Task& task, const NativeError& error, ErrorNumber number) {
  return core::remote_error({.provider = "hive",
                             .phase = task.phase,
                             .number = number,
                             .native_code = error.code,
                             .sqlstate = error.sqlstate,
                             .summary = task.summary,
                             .remote_message = error.message,
                             .hint = statement_hint(error),
                             .permanent = is_permanent(error)});
}

}  // namespace

bool is_success(const rpc::Status& status) noexcept {
  return status.statusCode == success_status || status.statusCode == success_with_info_status ||
         status.statusCode == still_executing_status;
}

core::Error connect_error(const Login& login, const Failure& failure) {
  const std::string summary = connect_summary(login);
  const bool timed_out = failure.kind() == Kind::timed_out;
  std::string hint = failure.hint();
  if (hint.empty() && timed_out) {
    hint = "Check that auth, transport and sslmode are those of the server. " + std::string(core::connect_timeout_hint);
  }
  if (hint.empty() && failure.kind() == Kind::unreachable) hint = core::unreachable_hint;
  return core::remote_error({.provider = "hive",
                             .phase = failure.kind() == Kind::denied ? Phase::authenticate : Phase::connect,
                             .number = timed_out ? ErrorNumber::timed_out : ErrorNumber::cannot_connect,
                             .summary = summary,
                             .remote_message = failure.what(),
                             .hint = hint,
                             .denied_login = failure.kind() == Kind::denied,
                             .parameter = connect_parameter(failure)});
}

core::Error session_error(const Login& login, const rpc::Status& status) {
  const std::string summary = connect_summary(login);
  const NativeError error = native_error(status);
  // "Database [x] does not exist", in several wordings, and without a state of its own.
  const bool no_database = error.message.find("atabase") != std::string::npos && !login.database.empty();
  return core::remote_error({.provider = "hive",
                             .phase = Phase::connect,
                             .number = ErrorNumber::cannot_connect,
                             .native_code = error.code,
                             .sqlstate = error.sqlstate,
                             .summary = summary,
                             .remote_message = "the server refused the session: " + error.message,
                             .hint = no_database ? "Check the database name." : "",
                             .permanent = no_database,
                             .parameter = no_database ? "connection.database" : ""});
}

core::Error lost_error(const Task& task, const Failure& failure) {
  const bool malformed = failure.kind() == Kind::malformed;
  const std::string hint = !failure.hint().empty() ? failure.hint()
                           : malformed ? "The server, or something between it and here, breaks the protocol."
                                       : "The server closed the connection, or the network failed.";
  const bool timed_out = failure.kind() == Kind::timed_out;
  return core::remote_error({.provider = "hive",
                             .phase = task.phase,
                             .number = timed_out ? ErrorNumber::timed_out : ErrorNumber::cannot_read,
                             .summary = task.summary,
                             .remote_message = failure.what(),
                             .hint = hint});
}

core::Error statement_error(const Task& task, const rpc::Status& status) {
  return reported(task, native_error(status), ErrorNumber::cannot_read);
}

core::Error operation_error(const Task& task, const rpc::GetOperationStatusResp& answer) {
  NativeError error{without_calls(answer.errorMessage), answer.sqlState, answer.errorCode};
  ErrorNumber number = ErrorNumber::cannot_read;
  switch (answer.operationState) {
    case canceled_state:
      if (error.message.empty()) error.message = "the statement was cancelled on the server";
      break;
    case closed_state:
      if (error.message.empty()) error.message = "the statement was closed on the server";
      break;
    case timedout_state:
      number = ErrorNumber::timed_out;
      if (error.message.empty()) error.message = "the statement took longer than the server allows";
      break;
    case error_state:
      if (error.message.empty()) error.message = "the server tells no reason";
      break;
    default:
      error.message = "the statement is in state " + std::to_string(answer.operationState) +
                      ", which has no meaning here" + (error.message.empty() ? "" : ": " + error.message);
  }
  return reported(task, error, number);
}

void throw_malformed(std::string_view what, const Task& task) {
  throw lost_error(task, Failure(Kind::malformed, std::string(what)));
}

}  // namespace connector::hive
