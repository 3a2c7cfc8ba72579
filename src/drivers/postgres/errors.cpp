#include "drivers/postgres/errors.hpp"

#include <algorithm>
#include <vector>

#include <libpq-fe.h>

#include "core/base/utf8.hpp"
#include "core/remote/connection_parameters.hpp"

namespace connector::postgres {

namespace {

using core::ErrorNumber;
using core::Phase;

// SQLSTATEs: PostgreSQL's manual, appendix "PostgreSQL Error Codes".

std::string_view connect_hint(const Login& login, Stage stage, std::string_view sqlstate) {
  if (sqlstate == "28P01") return "Check username and password.";
  if (sqlstate == "28000") {
    return login.tls_mode == TlsMode::disable
               ? "The role may not exist, or the server may refuse this kind of connection: sslmode \"require\" asks "
                 "for an encrypted one."
               : "The role may not exist, or the server may refuse connections from the address of this server "
                 "(pg_hba.conf).";
  }
  if (sqlstate == "3D000") return "Check the database name; upper and lower case are told apart.";
  if (sqlstate == "53300") return "The server has no room for another connection; try again later.";
  if (sqlstate == "57P03") return "The server is starting up or shutting down; try again later.";
  if (!sqlstate.empty()) return "";
  if (login.verifies_certificate() && stage != Stage::network) {
    return "sslmode verify-ca and verify-full need a certificate that sslrootcert, or else the system's store of "
           "certificates, vouches for; verify-full also needs it made out to the server's name.";
  }
  if (login.requires_tls() && stage == Stage::tls) {
    return "sslmode \"require\", which is the default, takes encrypted connections only; \"prefer\" allows a plain one "
           "where the server has no TLS, \"disable\" asks for one.";
  }
  if (stage == Stage::login) {
    return "The connector logs in by password, in the ways scram-sha-256, md5 and password; what answers may be no "
           "PostgreSQL server.";
  }
  return stage == Stage::network ? core::unreachable_hint : "";
}

/// Which key of the connection it is about if the server gives no SQLSTATE.
std::string_view connect_parameter(Stage stage, const NativeError& error) {
  if (!error.sqlstate.empty()) return "";
  if (stage == Stage::network) return core::unreachable_parameter(error.message);
  return stage == Stage::tls ? "connection.sslmode" : "";
}

std::string_view statement_hint(std::string_view sqlstate) {
  if (sqlstate == "42P01") return "Check schema and table; upper and lower case are told apart.";
  if (sqlstate == "42501") return "The remote role needs the SELECT privilege, and USAGE on the schema.";
  if (sqlstate == "25006") return "The connector reads in read-only transactions.";
  if (sqlstate == "22021" || sqlstate == "22P05") {
    return "Set \"encoding\" to the encoding that the remote text really has: the server then does not convert it.";
  }
  if (sqlstate == "57014") return "Somebody, or a limit on the remote server, stopped the statement.";
  if (sqlstate.empty() || sqlstate.starts_with("08") || sqlstate.starts_with("57P")) {
    return "The server closed the connection, or the network failed.";
  }
  return "";
}

ErrorNumber statement_number(Phase phase, const NativeError& error) {
  // 57014 is a cancel as well as statement_timeout, told apart by words only (in English; else it stays "cannot read");
  // 25P03 and 25P04 are the limits on transactions.
  if (error.sqlstate == "25P03" || error.sqlstate == "25P04") return ErrorNumber::timed_out;
  if (error.sqlstate == "57014" && error.message.find("timeout") != std::string::npos) return ErrorNumber::timed_out;
  if (error.sqlstate == "22021" || error.sqlstate == "22P05") return ErrorNumber::encoding;
  return phase == Phase::connect ? ErrorNumber::cannot_connect : ErrorNumber::cannot_read;
}

/// Whether the library, in words that may be translated but for the names, tells of a way to log in.
bool is_authentication(const NativeError& error) {
  if (!error.sqlstate.empty()) return error.sqlstate.starts_with("28");
  for (const std::string_view name : {"authentication", "SASL", "SCRAM", "GSSAPI"}) {
    if (error.message.find(name) != std::string::npos) return true;
  }
  return false;
}

std::string connect_summary(const Login& login) {
  return "could not connect to server " + core::quoted(login.server) + ", port " + std::to_string(login.port);
}

/// The library's messages end with a newline, and some have several lines.
std::string one_line(std::string_view text) {
  std::string line;
  std::string_view between;
  for (const char c : text) {
    if (c == '\n') {
      between = "; ";
    } else if (c == '\t' || c == ' ') {
      if (between.empty()) between = " ";
    } else {
      if (!line.empty()) line += between;
      between = {};
      line += c;
    }
  }
  return line;
}

void add_line(std::string& lines, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  if (!lines.empty()) lines += '\n';
  lines += name;
  lines += ": ";
  lines += text;
}

std::string_view field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string_view() : text;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

/// `FATAL:  28P01: password …`: severity, two spaces, five characters of [0-9A-Z].
bool split_sqlstate(std::string_view line, NativeError& error) {
  constexpr std::string_view before = ":  ", behind = ": ";
  constexpr std::size_t length = 5;
  const auto at = line.find(before);
  if (at == std::string_view::npos) return false;
  const std::string_view rest = line.substr(at + before.size());
  if (rest.size() < length + behind.size() || rest.substr(length, behind.size()) != behind) return false;
  const std::string_view state = rest.substr(0, length);
  const auto is_state = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); };
  if (!std::all_of(state.begin(), state.end(), is_state)) return false;
  error.sqlstate = state;
  error.message = rest.substr(length + behind.size());
  return true;
}

}  // namespace

NativeError native_error(const PGresult* result, const PGconn* connection) {
  NativeError error;
  error.sqlstate = field(result, PG_DIAG_SQLSTATE);
  error.message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  add_line(error.detail, "Remote detail", field(result, PG_DIAG_MESSAGE_DETAIL));
  add_line(error.detail, "Remote hint", field(result, PG_DIAG_MESSAGE_HINT));
  add_line(error.detail, "Remote context", field(result, PG_DIAG_CONTEXT));
  if (error.message.empty()) {
    error.message = one_line(result != nullptr ? PQresultErrorMessage(result) : PQerrorMessage(connection));
  }
  if (error.message.empty()) error.message = "the connection was lost";
  return error;
}

NativeError parse_connection_error(std::string_view text) {
  NativeError error;
  std::string unknown;
  for (std::string_view line : lines_of(text)) {
    // With several attempts there are several messages; the last one of the server counts. The names of the other
    // lines may be translated.
    const bool is_server_error = split_sqlstate(line, error);
    if (is_server_error) {
      error.detail.clear();
    } else if (!error.sqlstate.empty() && line.find(":  ") != std::string_view::npos) {
      if (!line.starts_with("LOCATION:")) add_line(error.detail, "Remote", line);
    } else {
      unknown += line;
      unknown += '\n';
    }
  }
  if (!error.sqlstate.empty()) return error;
  error.message = one_line(unknown);
  // The library repeats address and port in front.
  constexpr std::string_view prefix = "connection to server at ", failed = " failed: ";
  if (const auto at = error.message.find(failed); error.message.starts_with(prefix) && at != std::string::npos) {
    error.message.erase(0, at + failed.size());
  }
  return error;
}

core::Error connect_error(const Login& login, Stage stage, const NativeError& error) {
  const std::string summary = connect_summary(login);
  return core::remote_error({.provider = "postgres",
                             .phase = is_authentication(error) ? Phase::authenticate : Phase::connect,
                             .number = ErrorNumber::cannot_connect,
                             .sqlstate = error.sqlstate,
                             .summary = summary,
                             .remote_message = error.message,
                             .remote_detail = error.detail,
                             .hint = connect_hint(login, stage, error.sqlstate),
                             // Class 28, invalid authorization: a password, a role, or a line of pg_hba.conf.
                             .denied_login = std::string_view(error.sqlstate).starts_with("28"),
                             .parameter = connect_parameter(stage, error)});
}

core::Error connect_timeout_error(const Login& login) {
  const std::string summary = connect_summary(login);
  return core::remote_error({.provider = "postgres",
                             .phase = Phase::connect,
                             .number = ErrorNumber::timed_out,
                             .summary = summary,
                             .remote_message = "timed out while connecting and logging in",
                             .hint = core::connect_timeout_hint});
}

core::Error statement_error(Phase phase, std::string_view summary, const NativeError& error) {
  return core::remote_error({.provider = "postgres",
                             .phase = phase,
                             .number = statement_number(phase, error),
                             .sqlstate = error.sqlstate,
                             .summary = summary,
                             .remote_message = error.message,
                             .remote_detail = error.detail,
                             .hint = statement_hint(error.sqlstate)});
}

void throw_password_missing() {
  throw core::Error(
      ErrorNumber::connectors_disabled, "password is required",
      "Provider postgres, phase authenticate. The connection has no password.",
      "Give \"password\" in the connection, or in the user mapping of a foreign server: only superusers may "
      "do without.")
      .with_parameter("connection.password");
}

void throw_password_unused() {
  throw core::Error(ErrorNumber::connectors_disabled, "the remote server did not ask for the password",
                    "Provider postgres, phase authenticate. Only superusers may log in without it, as the identity of "
                    "the database server itself would be lent to others.",
                    "Have the remote server's pg_hba.conf ask for the password (scram-sha-256) where it trusts this "
                    "server, or let a superuser make the connection.")
      .with_parameter("connection.password");
}

void throw_changed(Phase phase, std::string_view summary) {
  throw core::remote_error({.provider = "postgres",
                            .phase = phase,
                            .number = ErrorNumber::cannot_read,
                            .summary = summary,
                            .remote_message = "its columns have changed since it was described",
                            .hint = "Try again: the next statement describes it anew."});
}

void throw_malformed(std::string_view what, Phase phase, std::string_view summary) {
  throw core::remote_error({.provider = "postgres",
                            .phase = phase,
                            .number = ErrorNumber::cannot_read,
                            .summary = summary,
                            .remote_message = what,
                            .hint = "The server, or something between it and here, breaks the protocol."});
}

}  // namespace connector::postgres
