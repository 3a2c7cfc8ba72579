#include "drivers/odbc/session.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "core/base/utf8.hpp"
#include "drivers/odbc/connection_string.hpp"
#include "drivers/odbc/dialect.hpp"
#include "drivers/odbc/info.hpp"
#include "drivers/odbc/installed_drivers.hpp"
#include "drivers/odbc/read_traits.hpp"
#include "drivers/odbc/wide_text.hpp"

namespace connector::odbc {

namespace {

using core::Phase;

/// Lengths of connection strings and statements are numbers of 32 bits.
constexpr std::size_t longest_statement = std::size_t{1} << 30;

Environment new_environment(const Mask& mask) {
  const Task task{Phase::connect, "could not start the driver manager of ODBC"};
  SQLHANDLE handle = SQL_NULL_HANDLE;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &handle))) {
    throw diagnosed_error({}, task, mask, "SQLAllocHandle");
  }
  Environment environment(handle);
  // An attribute is a number in the place of a pointer.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  if (!SQL_SUCCEEDED(SQLSetEnvAttr(handle, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3_80), 0)) &&
      !SQL_SUCCEEDED(SQLSetEnvAttr(handle, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0))) {
    throw call_error(SQL_HANDLE_ENV, handle, task, mask, "SQLSetEnvAttr");
  }
  return environment;
}

ConnectionHandle new_connection(const Environment& environment, const Mask& mask) {
  SQLHANDLE handle = SQL_NULL_HANDLE;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, environment.get(), &handle))) {
    throw call_error(SQL_HANDLE_ENV, environment.get(), {Phase::connect, "could not make a connection of ODBC"}, mask,
                     "SQLAllocHandle");
  }
  return ConnectionHandle(handle);
}

/// Of a connection; drivers that do not have it go on without.
void set_number(SQLHDBC connection, SQLINTEGER attribute, SQLULEN number) {
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  SQLSetConnectAttr(connection, attribute, reinterpret_cast<SQLPOINTER>(number), SQL_IS_UINTEGER);
}

std::string connect_summary(const core::ConnectionOptions& options) {
  const std::string driver = core::option(options, "driver");
  std::string summary = "could not connect by ";
  summary +=
      driver.empty() ? "data source " + core::quoted(core::option(options, "dsn")) : "driver " + core::quoted(driver);
  const std::string server = core::option(options, "server"), port = core::option(options, "port");
  if (!server.empty()) summary += " to server " + core::quoted(server);
  if (!server.empty() && !port.empty()) summary += ", port " + port;
  return summary;
}

/// So that a query changes nothing, timestamps with time zone come in UTC, and amounts of money in one form; none where
/// none is known. MariaDB remembers the answers of a subquery by the values of the rows around it, texts as their
/// collation compares them ("Subquery Cache"); only MariaDB reads what stands behind the M of such a comment.
std::span<const std::string_view> session_statements(Database database) noexcept {
  static constexpr std::string_view postgres[] = {"SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
                                                  "SET TIME ZONE 'UTC'", "SET lc_monetary = 'C'"};
  static_assert(max_sort_length == 4100);
  static constexpr std::string_view mysql[] = {
      "SET SESSION TRANSACTION READ ONLY",
      "SET time_zone = '+00:00', max_sort_length = 4100 /*M!50300 , optimizer_switch = 'subquery_cache=off' */"};
  static constexpr std::string_view oracle[] = {"ALTER SESSION SET TIME_ZONE = '+00:00'"};
  switch (database) {
    case Database::postgres:
      return postgres;
    case Database::mysql:
      return mysql;
    case Database::oracle:
      return oracle;
    default:
      return {};
  }
}

}  // namespace

Session::Session(const core::ConnectRequest& request)
    : wait_(request.wait), mask_(info(), request.options), statement_timeout_(request.statement_timeout) {
  environment_ = new_environment(mask_);
  check_driver_options(request.options, environment_.get());
  const std::string driver = core::option(request.options, "driver");
  const std::string library =
      driver.empty() ? data_source_library(core::option(request.options, "dsn")) : driver_library(driver);
  const KnownDriver& known = known_driver(library);
  const std::string attributes = connection_string(request.options, known);
  connection_ = new_connection(environment_, mask_);
  const bool is_wide = has_wide_functions(library);
  const std::string summary = connect_summary(request.options);
  try {
    connect(attributes, is_wide, request.connect_timeout, {Phase::connect, summary});
    traits_ = read_traits(connection_.get(), known, is_wide);
    set_up();
    if (traits_.database == Database::postgres) traits_.compares_text = first_value("SHOW server_encoding") == "UTF8";
  } catch (...) {
    disconnect();
    throw;
  }
}

Session::~Session() {
  disconnect();
}

void Session::disconnect() noexcept {
  if (is_connected_) SQLDisconnect(connection_.get());
  is_connected_ = false;
}

void Session::connect(const std::string& connection_string, bool is_wide, std::chrono::seconds timeout,
                      const Task& task) {
  SQLHDBC connection = connection_.get();
  set_number(connection, SQL_ATTR_LOGIN_TIMEOUT, static_cast<SQLULEN>(std::max<std::int64_t>(timeout.count(), 1)));
  set_number(connection, SQL_ATTR_ACCESS_MODE, SQL_MODE_READ_ONLY);
  SQLRETURN result = SQL_ERROR;
  SQLSMALLINT length = 0;
  // Some drivers write the completed string even if they are given no place for it.
  if (is_wide) {
    std::vector<SQLWCHAR> text = wide_text(connection_string), completed(8192);
    result = SQLDriverConnectW(connection, nullptr, text.data(), SQL_NTS, completed.data(),
                               static_cast<SQLSMALLINT>(completed.size()), &length, SQL_DRIVER_NOPROMPT);
  } else {
    std::vector<SQLCHAR> text(connection_string.begin(), connection_string.end()), completed(8192);
    text.push_back(0);
    result = SQLDriverConnect(connection, nullptr, text.data(), SQL_NTS, completed.data(),
                              static_cast<SQLSMALLINT>(completed.size()), &length, SQL_DRIVER_NOPROMPT);
  }
  is_connected_ = SQL_SUCCEEDED(result);
  wait_.check();
  if (is_connected_) return;
  throw call_error(SQL_HANDLE_DBC, connection, task, mask_, is_wide ? "SQLDriverConnectW" : "SQLDriverConnect");
}

bool Session::is_dead() const noexcept {
  SQLUINTEGER dead = SQL_CD_FALSE;
  return SQL_SUCCEEDED(SQLGetConnectAttr(connection_.get(), SQL_ATTR_CONNECTION_DEAD, &dead, 0, nullptr)) &&
         dead == SQL_CD_TRUE;
}

void Session::set_up() {
  const Task task{Phase::connect, "could not set up the session"};
  for (const std::string_view sql : session_statements(traits_.database)) {
    const StatementHandle statement = new_statement(task);
    execute_directly(statement.get(), sql, task);
  }
}

std::string Session::first_value(std::string_view sql) {
  const Task task{Phase::connect, "could not ask for a setting of the server"};
  const StatementHandle statement = new_statement(task);
  execute_directly(statement.get(), sql, task);
  std::array<SQLCHAR, 64> value{};
  SQLLEN length = 0;
  run(statement.get(), task, "SQLFetch", [&] { return SQLFetch(statement.get()); });
  SQLGetData(statement.get(), 1, SQL_C_CHAR, value.data(), static_cast<SQLLEN>(value.size() - 1), &length);
  return {value.begin(), std::ranges::find(value, SQLCHAR{0})};
}

StatementHandle Session::new_statement(const Task& task) {
  SQLHANDLE handle = SQL_NULL_HANDLE;
  const SQLRETURN result = SQLAllocHandle(SQL_HANDLE_STMT, connection_.get(), &handle);
  if (!SQL_SUCCEEDED(result)) {
    wait_.check();
    throw call_error(SQL_HANDLE_DBC, connection_.get(), task, mask_, "SQLAllocHandle");
  }
  StatementHandle statement(handle);
  if (statement_timeout_.count() > 0) {
    // Drivers that have no such limit say so; the caller has one of its own.
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    const auto seconds = reinterpret_cast<SQLPOINTER>(static_cast<SQLULEN>(statement_timeout_.count()));
    SQLSetStmtAttr(handle, SQL_ATTR_QUERY_TIMEOUT, seconds, SQL_IS_UINTEGER);
  }
  return statement;
}

Session::Stoppable::Stoppable(Session& session, SQLHSTMT statement) : wait_(session.wait_) {
  const bool by_handle = session.traits_.cancels_handles;
  wait_.stop_calls_by([statement, by_handle] {
    if (by_handle) {
      SQLCancelHandle(SQL_HANDLE_STMT, statement);
    } else {
      SQLCancel(statement);
    }
  });
}

Session::Stoppable::~Stoppable() {
  wait_.stop_calls_by({});
}

SQLRETURN Session::check(SQLRETURN result, SQLHSTMT statement, const Task& task, std::string_view call) {
  if (SQL_SUCCEEDED(result) || result == SQL_NO_DATA) return result;
  try {
    wait_.check();
  } catch (...) {
    // What the driver makes of a call that was stopped is not known.
    give_up();
    throw;
  }
  const std::vector<Diagnostic> records = diagnostics(SQL_HANDLE_STMT, statement);
  if (is_lost(records)) give_up();
  throw diagnosed_error(records, task, mask_, call);
}

SQLRETURN Session::run(SQLHSTMT statement, const Task& task, std::string_view call,
                       const std::function<SQLRETURN()>& make) {
  SQLRETURN result = SQL_ERROR;
  {
    const Stoppable stoppable(*this, statement);
    result = make();
  }
  return check(result, statement, task, call);
}

/// Gives the statement to `wide` or `narrow`, whichever the driver has.
template <typename Wide, typename Narrow>
SQLRETURN Session::send(std::string_view sql, Wide&& wide, Narrow&& narrow) {
  if (sql.size() > longest_statement) {
    throw core::Error(core::ErrorNumber::invalid_parameters, "the statement is too long",
                      "Provider odbc, phase describe.");
  }
  if (traits_.unicode) {
    std::vector<SQLWCHAR> text = wide_text(sql);
    return wide(text.data(), static_cast<SQLINTEGER>(text.size() - 1));
  }
  std::vector<SQLCHAR> text(sql.begin(), sql.end());
  text.push_back(0);
  return narrow(text.data(), static_cast<SQLINTEGER>(sql.size()));
}

void Session::prepare(SQLHSTMT statement, std::string_view sql, const Task& task) {
  run(statement, task, "SQLPrepare", [&] {
    return send(
        sql, [&](SQLWCHAR* text, SQLINTEGER length) { return SQLPrepareW(statement, text, length); },
        [&](SQLCHAR* text, SQLINTEGER length) { return SQLPrepare(statement, text, length); });
  });
}

void Session::execute(SQLHSTMT statement, const Task& task) {
  run(statement, task, "SQLExecute", [&] { return SQLExecute(statement); });
}

void Session::execute_directly(SQLHSTMT statement, std::string_view sql, const Task& task) {
  run(statement, task, "SQLExecDirect", [&] {
    return send(
        sql, [&](SQLWCHAR* text, SQLINTEGER length) { return SQLExecDirectW(statement, text, length); },
        [&](SQLCHAR* text, SQLINTEGER length) { return SQLExecDirect(statement, text, length); });
  });
}

std::size_t Session::column_count(SQLHSTMT statement, const Task& task) {
  SQLSMALLINT count = 0;
  run(statement, task, "SQLNumResultCols", [&] { return SQLNumResultCols(statement, &count); });
  return static_cast<std::size_t>(std::max<SQLSMALLINT>(count, 0));
}

}  // namespace connector::odbc
