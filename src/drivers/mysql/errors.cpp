#include "drivers/mysql/errors.hpp"

#include <errmsg.h>
#include <mysql.h>

#include "core/base/utf8.hpp"
#include "core/remote/connection_parameters.hpp"

namespace connector::mysql {

namespace {

using core::ErrorNumber;
using core::Phase;

// Server numbers: https://mariadb.com/kb/en/mariadb-error-code-reference/ and MySQL's error reference.
enum ServerError : unsigned {
  access_denied_database = 1044,
  access_denied = 1045,
  unknown_database = 1049,
  bad_column = 1054,
  too_many_user_connections = 1203,
  table_not_locked = 1100,
  lock_wait_timeout = 1205,
  user_limit_reached = 1226,
  host_blocked = 1129,
  host_not_privileged = 1130,
  table_access_denied = 1142,
  column_access_denied = 1143,
  wrong_table_name = 1103,
  no_such_table = 1146,
  unauthenticated_protocol = 1251,
  unsupported_in_prepared = 1295,
  query_interrupted = 1317,
  access_denied_no_password = 1698,
  mariadb_statement_timeout = 1969,
  read_only_transaction = 1792,
  must_change_password = 1820,
  password_expired = 1862,
  mysql_query_timeout = 3024,
  account_locked = 3118,
  secure_transport_required = 3159,
};

/// SQLSTATE 42000, as for much that is wrong for good.
bool is_user_limit(unsigned code) {
  return code == too_many_user_connections || code == user_limit_reached;
}

bool is_authentication(unsigned code) {
  switch (code) {
    case access_denied_database:
    case access_denied:
    case access_denied_no_password:
    case host_not_privileged:
    case unauthenticated_protocol:
    case must_change_password:
    case password_expired:
    case account_locked:
    case secure_transport_required:
    case CR_AUTH_PLUGIN_CANNOT_LOAD:
    case CR_AUTH_PLUGIN_ERR:
    case CR_PLUGIN_NOT_ALLOWED:
    case CR_SECURE_AUTH:
      return true;
    default:
      return false;
  }
}

/// The server knows the account, or rather does not: another password, or an administrator there, helps.
bool is_denied_login(unsigned code) {
  return code == access_denied || code == access_denied_no_password || code == host_not_privileged ||
         code == must_change_password || code == password_expired || code == account_locked;
}

std::string_view connect_hint(const Login& login, unsigned code) {
  switch (code) {
    case access_denied:
    case access_denied_no_password:
      return "Check username and password, and that the account may log in from the address of this server.";
    case access_denied_database:
      return "The account has no privilege on the database.";
    case unknown_database:
      return "Check the database name; the server may tell upper and lower case apart.";
    case host_not_privileged:
      return "The server has no account of this name for the address of this server.";
    case host_blocked:
      return "The administrator of the remote server can unblock this host with FLUSH HOSTS.";
    case secure_transport_required:
      return "The server takes TLS connections only: set sslmode to \"require\" or higher.";
    case must_change_password:
    case password_expired:
      return "The account's password has expired: change it on the remote server.";
    case CR_AUTH_PLUGIN_CANNOT_LOAD:
      return "The account uses an authentication plugin that the client library of this server lacks.";
    case CR_PLUGIN_NOT_ALLOWED:
      return "Accounts may use mysql_native_password, caching_sha2_password, sha256_password, ed25519 or parsec; "
             "a plugin that sends the password in clear needs sslmode \"verify-ca\" or \"verify-full\".";
    case CR_AUTH_PLUGIN_ERR:
      return login.tls_mode == TlsMode::disable
                 ? "The account's authentication plugin may need TLS: set sslmode to \"prefer\" or higher."
                 : "";
    case CR_SSL_CONNECTION_ERROR:
      return login.tls_mode >= TlsMode::verify_ca
                 ? "sslmode verify-ca and verify-full need a certificate that sslrootcert, or else the system's store "
                   "of certificates, vouches for; verify-full also needs it made out to the server's name."
                 : "sslmode \"prefer\" allows a plain connection where the server has no TLS, \"disable\" asks for "
                   "one.";
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_IPSOCK_ERROR:
      return core::unreachable_hint;
    default:
      return "";
  }
}

/// Which key of the connection a refusal is about, where the phase does not say.
std::string_view connect_parameter(const NativeError& error) {
  switch (error.code) {
    case access_denied_database:
    case unknown_database:
      return "connection.database";
    case secure_transport_required:
    case CR_SSL_CONNECTION_ERROR:
      return "connection.sslmode";
    case CR_CONNECTION_ERROR:
    case CR_CONN_HOST_ERROR:
    case CR_IPSOCK_ERROR:
      return core::unreachable_parameter(error.message);
    default:
      return "";
  }
}

std::string_view statement_hint(unsigned code) {
  switch (code) {
    case no_such_table:
    case wrong_table_name:
      return "Check schema and table; the server may tell upper and lower case apart.";
    case table_access_denied:
    case column_access_denied:
      return "The account needs the SELECT privilege.";
    case unsupported_in_prepared:
      return "Only statements that the server can prepare can be read: SELECT, SHOW and the like.";
    case read_only_transaction:
      return "The connector reads in read-only transactions.";
    case query_interrupted:
      return "Somebody, or a limit on the remote server, stopped the statement.";
    case CR_SERVER_GONE_ERROR:
    case CR_SERVER_LOST:
    case CR_SSL_CONNECTION_ERROR:
      return "The server closed the connection, or the network failed.";
    default:
      return "";
  }
}

std::string connect_summary(const Login& login) {
  return "could not connect to server " + core::quoted(login.server) + ", port " + std::to_string(login.port);
}

}  // namespace

NativeError native_error(MYSQL* handle) {
  return {mysql_errno(handle), mysql_sqlstate(handle), mysql_error(handle)};
}

NativeError native_error(MYSQL_STMT* statement) {
  return {mysql_stmt_errno(statement), mysql_stmt_sqlstate(statement), mysql_stmt_error(statement)};
}

bool is_unreachable(const NativeError& error) noexcept {
  return error.code == CR_CONNECTION_ERROR || error.code == CR_CONN_HOST_ERROR || error.code == CR_IPSOCK_ERROR ||
         error.code == CR_SERVER_LOST;
}

core::Error connect_error(const Login& login, const NativeError& error) {
  const std::string summary = connect_summary(login);
  return core::remote_error({.provider = "mysql",
                             .phase = is_authentication(error.code) ? Phase::authenticate : Phase::connect,
                             .number = ErrorNumber::cannot_connect,
                             .native_code = static_cast<long>(error.code),
                             .sqlstate = error.sqlstate,
                             .summary = summary,
                             .remote_message = error.message,
                             .hint = connect_hint(login, error.code),
                             .temporary = is_user_limit(error.code),
                             .denied_login = is_denied_login(error.code),
                             .parameter = connect_parameter(error)});
}

core::Error connect_timeout_error(const Login& login, std::string_view while_doing) {
  const std::string summary = connect_summary(login);
  return core::remote_error({.provider = "mysql",
                             .phase = Phase::connect,
                             .number = ErrorNumber::timed_out,
                             .summary = summary,
                             .remote_message = "timed out while " + std::string(while_doing),
                             .hint = core::connect_timeout_hint});
}

core::Error statement_error(Phase phase, std::string_view summary, const NativeError& error) {
  const bool timeout = error.code == mysql_query_timeout || error.code == mariadb_statement_timeout;
  const ErrorNumber otherwise = phase == Phase::connect ? ErrorNumber::cannot_connect : ErrorNumber::cannot_read;
  std::string_view parameter;
  if (phase == Phase::describe && error.code == unknown_database) parameter = "schema";
  if (phase == Phase::describe && error.code == bad_column) parameter = "columns";
  return core::remote_error({.provider = "mysql",
                             .phase = phase,
                             .number = timeout ? ErrorNumber::timed_out : otherwise,
                             .native_code = static_cast<long>(error.code),
                             .sqlstate = error.sqlstate,
                             .summary = summary,
                             .remote_message = error.message,
                             .hint = statement_hint(error.code),
                             .temporary = is_user_limit(error.code),
                             .parameter = parameter});
}

bool is_lock_timeout(unsigned code) noexcept {
  return code == lock_wait_timeout;
}

bool is_not_locked(unsigned code) noexcept {
  return code == table_not_locked;
}

bool lacks_privilege(unsigned code) noexcept {
  return code == access_denied_database || code == table_access_denied;
}

core::Error no_such_table_error(std::string_view summary) {
  return core::remote_error({.provider = "mysql",
                             .phase = Phase::describe,
                             .number = ErrorNumber::cannot_read,
                             .summary = summary,
                             .remote_message = "the table does not exist",
                             .hint = statement_hint(no_such_table),
                             .permanent = true});
}

void throw_malformed(std::string_view what) {
  throw core::remote_error({.provider = "mysql",
                            .phase = Phase::fetch,
                            .number = ErrorNumber::cannot_read,
                            .summary = "could not read rows",
                            .remote_message = what,
                            .hint = "The server, or something between it and here, breaks the protocol."});
}

}  // namespace connector::mysql
