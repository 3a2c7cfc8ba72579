#include "drivers/sqlserver/errors.hpp"

#include <cstring>

#include <sybfront.h>
#include <sybdb.h>

#include "core/base/utf8.hpp"
#include "core/remote/connection_parameters.hpp"

namespace connector::sqlserver {

namespace {

using core::ErrorNumber;
using core::Phase;

// Numbers of the server's messages: sys.messages, and "Database Engine events and errors" of SQL Server's manual.
constexpr int syntax_error = 102;
constexpr int no_such_column = 207;
constexpr int no_such_object = 208;
constexpr int select_denied = 229;
constexpr int select_on_column_denied = 230;
constexpr int lock_timeout = 1222;
constexpr int deadlock_victim = 1205;
constexpr int changed_since_snapshot = 3961;
constexpr int no_snapshots_there = 3952;
constexpr int cannot_open_database = 4060;
constexpr int cannot_use_database = 916;
constexpr int no_such_database = 911;
constexpr int memory_table_in_snapshot = 41332, memory_table_in_transaction = 41368;
constexpr int first_login_error = 18450, last_login_error = 18489;
constexpr int password_expired = 18487, password_must_change = 18488;
constexpr int azure_firewall = 40615;

/// Babelfish's number for errors of PostgreSQL for which it knows none of SQL Server's.
constexpr int babelfish_other = 33557097;

/// Such an error by its words, as a number of SQL Server.
int number_by_words(std::string_view text) {
  const auto is_missing = [&](std::string_view what) {
    return text.starts_with(what) && text.find("does not exist") != std::string_view::npos;
  };
  if (is_missing("relation ") || is_missing("schema ") || is_missing("object ")) return no_such_object;
  if (is_missing("column ")) return no_such_column;
  if (is_missing("database ")) return no_such_database;
  if (text.starts_with("permission denied")) return select_denied;
  if (text.starts_with("syntax error")) return syntax_error;
  return babelfish_other;
}

/// What an error of the server means: its number in SQL Server.
int meaning(const Message& error) {
  return error.number == babelfish_other ? number_by_words(error.text) : error.number;
}

bool is_login_failure(int number) {
  return number >= first_login_error && number <= last_login_error;
}

bool is_database_failure(int number) {
  return number == cannot_open_database || number == cannot_use_database || number == no_such_database;
}

bool is_authentication(int number) {
  return is_login_failure(number) || is_database_failure(number);
}

/// What stays wrong until somebody acts: a missing or forbidden database, object or column, the text of a query. A
/// login that was denied may be let in again.
bool is_permanent(const Message* error) {
  if (error == nullptr || !error->from_server) return false;
  switch (const int number = meaning(*error)) {
    case syntax_error:
    case no_such_column:
    case no_such_object:
    case select_denied:
    case select_on_column_denied:
      return true;
    default:
      return is_database_failure(number);
  }
}

std::string_view tls_hint(const Login& login) {
  switch (login.tls_mode) {
    case TlsMode::disable:
      return "The server may take encrypted connections only: set sslmode to \"require\" or higher.";
    case TlsMode::verify_ca:
    case TlsMode::verify_full:
      return "sslmode verify-ca and verify-full need a certificate that sslrootcert, or else the system's store of "
             "certificates, vouches for; verify-full also needs it made out to the server's name.";
    case TlsMode::require:
      return "The server may have no TLS, or none that the client library takes: sslmode \"prefer\" allows a plain "
             "connection then.";
    default:
      return "The server may speak no TDS, or no version of TLS that the client library takes.";
  }
}

std::string_view connect_hint(const Login& login, Stage stage, const Message* error) {
  if (error == nullptr || !error->from_server)
    return stage == Stage::network ? core::unreachable_hint : tls_hint(login);
  const int number = meaning(*error);
  switch (number) {
    case cannot_open_database:
    case cannot_use_database:
    case no_such_database:
      return "Check the database name, and that the login may use that database.";
    case password_expired:
    case password_must_change:
      return "The login's password has expired: change it on the remote server.";
    case azure_firewall:
      return "Allow the address of this server in the remote server's firewall.";
    default:
      break;
  }
  return is_login_failure(number) ? "Check username and password; the server must allow SQL Server logins." : "";
}

/// Which key of the connection it is about, where the phase does not say.
std::string_view connect_parameter(Stage stage, const Message* error, std::string_view told) {
  if (error != nullptr && error->from_server) return is_database_failure(meaning(*error)) ? "connection.database" : "";
  if (stage == Stage::network) return core::unreachable_parameter(told);
  return stage == Stage::prelogin ? "connection.sslmode" : "";
}

std::string_view statement_hint(const Message* error) {
  if (error == nullptr) return "The server closed the connection, or the network failed.";
  if (!error->from_server) {
    return error->number == SYBEICONVI || error->number == SYBEICONVO
               ? "Set \"encoding\", or cast the column to nvarchar in \"sql_query\"."
               : "The server closed the connection, or the network failed.";
  }
  switch (meaning(*error)) {
    case no_such_object:
      return "Check schema and table; the server may tell upper and lower case apart.";
    case select_denied:
    case select_on_column_denied:
      return "The login needs the SELECT permission.";
    case no_snapshots_there:
      return "Read it by \"sql_query\", which does without snapshots.";
    case memory_table_in_snapshot:
      return "Read the memory-optimized table by \"sql_query\", with the table hint WITH (SNAPSHOT).";
    case memory_table_in_transaction:
      return "Read the memory-optimized table by \"sql_query\", with the table hint WITH (SNAPSHOT), or set "
             "MEMORY_OPTIMIZED_ELEVATE_TO_SNAPSHOT in its database.";
    case lock_timeout:
    case deadlock_victim:
    case changed_since_snapshot:
      return "Try again.";
    default:
      return "";
  }
}

/// FreeTDS's words speak of Sybase's "Adaptive Server".
std::string own_words(const Message& message) {
  if (message.os_error > 0) return std::strerror(message.os_error);
  switch (message.number) {
    case SYBESEOF:
    case SYBEREAD:
    case SYBEWRIT:
    case SYBEDDNE:
      return "the server closed the connection";
    case SYBEFCON:
      return "the server ended the login without saying why";
    case SYBECONN:
      return "the server can't be reached";
    default:
      return message.text;
  }
}

std::string words(const Message* error) {
  if (error == nullptr) return "the connection was lost";
  if (!error->from_server) return own_words(*error);
  std::string text = error->text;
  if (!error->procedure.empty() || error->line > 1) {
    text += " (";
    if (!error->procedure.empty()) text += "procedure " + error->procedure + ", ";
    text += "line " + std::to_string(error->line) + ")";
  }
  return text;
}

/// What SQL Server's own tools print in front of a message.
std::string detail(const Message* error, const Messages& messages) {
  std::string lines;
  if (error != nullptr && error->from_server) {
    lines = "Server severity " + std::to_string(error->severity) + ", state " + std::to_string(error->state) + '.';
  }
  const std::string others = messages.others(error);
  if (!lines.empty() && !others.empty()) lines += '\n';
  return lines + others;
}

long native_code(const Message* error) {
  return error == nullptr ? 0 : error->number;
}

std::string connect_summary(const Login& login, int port) {
  return "could not connect to server " + core::quoted(login.server) + ", port " + std::to_string(port);
}

}  // namespace

core::Error connect_error(const Login& login, int port, Stage stage, const Messages& messages) {
  const Message* error = messages.error();
  const std::string summary = connect_summary(login, port);
  std::string message = words(error);
  if (stage == Stage::prelogin && (error == nullptr || !error->from_server)) {
    message = "the server ended the connection before the login, or its TLS could not be used";
  }
  const std::string lines = detail(error, messages);
  return core::remote_error(
      {.provider = "sqlserver",
       .phase = error != nullptr && error->from_server && is_authentication(meaning(*error)) ? Phase::authenticate
                                                                                             : Phase::connect,
       .number = ErrorNumber::cannot_connect,
       .native_code = native_code(error),
       .summary = summary,
       .remote_message = message,
       .remote_detail = lines,
       .hint = connect_hint(login, stage, error),
       .permanent = is_permanent(error),
       .denied_login = error != nullptr && error->from_server && is_login_failure(meaning(*error)),
       .parameter = connect_parameter(stage, error, message)});
}

core::Error connect_timeout_error(const Login& login, std::string_view while_doing) {
  const std::string summary = connect_summary(login, login.port);
  return core::remote_error({.provider = "sqlserver",
                             .phase = Phase::connect,
                             .number = ErrorNumber::timed_out,
                             .summary = summary,
                             .remote_message = "timed out while " + std::string(while_doing),
                             .hint = core::connect_timeout_hint});
}

core::Error statement_error(Phase phase, std::string_view summary, const Messages& messages) {
  const Message* error = messages.error();
  ErrorNumber number = phase == Phase::connect ? ErrorNumber::cannot_connect : ErrorNumber::cannot_read;
  if (error != nullptr && error->number == lock_timeout) number = ErrorNumber::timed_out;
  if (error != nullptr && (error->number == SYBEICONVI || error->number == SYBEICONVO)) number = ErrorNumber::encoding;
  const std::string lines = detail(error, messages);
  return core::remote_error({.provider = "sqlserver",
                             .phase = phase,
                             .number = number,
                             .native_code = native_code(error),
                             .summary = summary,
                             .remote_message = words(error),
                             .remote_detail = lines,
                             .hint = statement_hint(error),
                             .permanent = is_permanent(error)});
}

core::Error library_error(std::string_view assertion) {
  const std::string message = "the client library gave up: " + core::shown_text(assertion);
  return core::remote_error({.provider = "sqlserver",
                             .phase = Phase::fetch,
                             .number = ErrorNumber::cannot_read,
                             .summary = "could not understand the server",
                             .remote_message = message,
                             .hint = "The server, or something between it and here, breaks the protocol."});
}

void throw_malformed(std::string_view what) {
  throw core::remote_error({.provider = "sqlserver",
                            .phase = Phase::fetch,
                            .number = ErrorNumber::cannot_read,
                            .summary = "could not read rows",
                            .remote_message = what,
                            .hint = "The server, or something between it and here, breaks the protocol."});
}

}  // namespace connector::sqlserver
