// The speed limit of an ODBC driver: fetches a query's rows in blocks of 1000 and throws them away.
//
// Usage: raw_fetch_odbc wide|bytes QUERY, with the connection string in the environment variable
// RAW_FETCH_CONNECTION. Text is asked for as UTF-16, and dates as structures (wide); or both as bytes. Columns that may
// be longer than 1020 characters, and rows that have one, are read one by one and in pieces. Prints rows, bytes,
// seconds for the rows, and seconds for connecting.
#include <sql.h>
#include <sqlext.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

namespace {

constexpr SQLULEN block_rows = 1000;
constexpr SQLULEN longest_bound = 1020;
constexpr std::size_t piece_bytes = 64 * 1024;

[[noreturn]] void fail(const char* what, SQLSMALLINT kind, SQLHANDLE handle) {
  SQLCHAR state[6] = {};
  SQLCHAR text[1024] = {};
  SQLGetDiagRec(kind, handle, 1, state, nullptr, text, sizeof text, nullptr);
  std::fprintf(stderr, "raw_fetch_odbc: %s: %s %s\n", what, reinterpret_cast<char*>(state),
               reinterpret_cast<char*>(text));
  std::exit(1);
}

struct Column {
  SQLSMALLINT c_type = SQL_C_CHAR;
  SQLLEN width = 0;        ///< bytes of a bound value
  bool bound = true;       ///< else read in pieces
  std::vector<char> room;  ///< of a block, or of a piece
  std::vector<SQLLEN> lengths;
};

/// How a column of this SQL type and size is read.
Column column_for(SQLSMALLINT type, SQLULEN size, bool wide) {
  constexpr SQLULEN longest_date = 40;
  const auto fixed = [](SQLSMALLINT c_type, std::size_t width) {
    return Column{.c_type = c_type, .width = static_cast<SQLLEN>(width), .room = {}, .lengths = {}};
  };
  switch (type) {
    case SQL_BIT:
      return fixed(SQL_C_BIT, 1);
    case SQL_TINYINT:
    case SQL_SMALLINT:
      return fixed(SQL_C_SSHORT, sizeof(SQLSMALLINT));
    case SQL_INTEGER:
      return fixed(SQL_C_SLONG, sizeof(SQLINTEGER));
    case SQL_BIGINT:
      return fixed(SQL_C_SBIGINT, sizeof(SQLBIGINT));
    case SQL_REAL:
      return fixed(SQL_C_FLOAT, sizeof(SQLREAL));
    case SQL_FLOAT:
    case SQL_DOUBLE:
      return fixed(SQL_C_DOUBLE, sizeof(SQLDOUBLE));
    case SQL_DECIMAL:
    case SQL_NUMERIC:
      return fixed(SQL_C_CHAR, size + 3);  // sign, point, NUL
    case SQL_TYPE_DATE:
      return wide ? fixed(SQL_C_TYPE_DATE, sizeof(SQL_DATE_STRUCT)) : fixed(SQL_C_CHAR, longest_date);
    case SQL_TYPE_TIME:
      return wide ? fixed(SQL_C_TYPE_TIME, sizeof(SQL_TIME_STRUCT)) : fixed(SQL_C_CHAR, longest_date);
    case SQL_TYPE_TIMESTAMP:
      return wide ? fixed(SQL_C_TYPE_TIMESTAMP, sizeof(SQL_TIMESTAMP_STRUCT)) : fixed(SQL_C_CHAR, longest_date);
    default:
      break;
  }
  Column column = wide ? fixed(SQL_C_WCHAR, (size + 1) * sizeof(SQLWCHAR)) : fixed(SQL_C_CHAR, size * 4 + 1);
  column.bound = size >= 1 && size <= longest_bound;
  return column;
}

std::vector<Column> columns_of(SQLHSTMT statement, bool wide) {
  SQLSMALLINT count = 0;
  if (!SQL_SUCCEEDED(SQLNumResultCols(statement, &count))) fail("describe", SQL_HANDLE_STMT, statement);
  std::vector<Column> columns;
  for (SQLSMALLINT number = 1; number <= count; ++number) {
    SQLSMALLINT type = 0;
    SQLULEN size = 0;
    if (!SQL_SUCCEEDED(SQLDescribeCol(statement, number, nullptr, 0, nullptr, &type, &size, nullptr, nullptr))) {
      fail("describe", SQL_HANDLE_STMT, statement);
    }
    columns.push_back(column_for(type, size, wide));
  }
  return columns;
}

void bind(SQLHSTMT statement, std::vector<Column>& columns, SQLULEN rows) {
  for (std::size_t index = 0; index < columns.size(); ++index) {
    Column& column = columns[index];
    column.lengths.resize(rows);
    column.room.resize(column.bound ? column.width * rows : piece_bytes);
    if (!column.bound) continue;
    if (!SQL_SUCCEEDED(SQLBindCol(statement, static_cast<SQLUSMALLINT>(index + 1), column.c_type, column.room.data(),
                                  column.width, column.lengths.data()))) {
      fail("bind", SQL_HANDLE_STMT, statement);
    }
  }
}

/// Reads the rest of the current row; gives its bytes.
unsigned long long read_pieces(SQLHSTMT statement, std::vector<Column>& columns) {
  unsigned long long bytes = 0;
  for (std::size_t index = 0; index < columns.size(); ++index) {
    Column& column = columns[index];
    if (column.bound) continue;
    const std::size_t usable = piece_bytes - (column.c_type == SQL_C_WCHAR ? sizeof(SQLWCHAR) : 1);
    for (;;) {
      SQLLEN length = 0;
      const SQLRETURN status = SQLGetData(statement, static_cast<SQLUSMALLINT>(index + 1), column.c_type,
                                          column.room.data(), piece_bytes, &length);
      if (status == SQL_NO_DATA) break;
      if (!SQL_SUCCEEDED(status)) fail("read", SQL_HANDLE_STMT, statement);
      if (length == SQL_NULL_DATA) break;
      const bool more = length == SQL_NO_TOTAL || static_cast<std::size_t>(length) > usable;
      bytes += more ? usable : static_cast<std::size_t>(length);
      if (!more) break;
    }
  }
  return bytes;
}

using Seconds = std::chrono::duration<double>;

}  // namespace

int main(int argc, char** argv) {
  const char* const connection_string = std::getenv("RAW_FETCH_CONNECTION");
  if (argc != 3 || connection_string == nullptr) {
    std::fprintf(stderr, "usage: RAW_FETCH_CONNECTION=... raw_fetch_odbc wide|bytes QUERY\n");
    return 1;
  }
  const bool wide = std::string_view(argv[1]) == "wide";
  const auto called = std::chrono::steady_clock::now();
  SQLHENV environment = SQL_NULL_HANDLE;
  SQLHDBC connection = SQL_NULL_HANDLE;
  SQLHSTMT statement = SQL_NULL_HANDLE;
  SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &environment);
  SQLSetEnvAttr(environment, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3_80), 0);
  SQLAllocHandle(SQL_HANDLE_DBC, environment, &connection);
  auto* const text = reinterpret_cast<SQLCHAR*>(const_cast<char*>(connection_string));
  if (!SQL_SUCCEEDED(SQLDriverConnect(connection, nullptr, text, SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT))) {
    fail("connect", SQL_HANDLE_DBC, connection);
  }
  SQLAllocHandle(SQL_HANDLE_STMT, connection, &statement);

  const auto started = std::chrono::steady_clock::now();
  if (!SQL_SUCCEEDED(SQLPrepare(statement, reinterpret_cast<SQLCHAR*>(argv[2]), SQL_NTS))) {
    fail("prepare", SQL_HANDLE_STMT, statement);
  }
  std::vector<Column> columns = columns_of(statement, wide);
  const bool all_bound = std::all_of(columns.begin(), columns.end(), [](const Column& column) { return column.bound; });
  const SQLULEN rows_at_once = all_bound ? block_rows : 1;
  SQLULEN fetched = 0;
  SQLSetStmtAttr(statement, SQL_ATTR_ROW_ARRAY_SIZE, reinterpret_cast<SQLPOINTER>(rows_at_once), 0);
  SQLSetStmtAttr(statement, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0);
  bind(statement, columns, rows_at_once);
  if (!SQL_SUCCEEDED(SQLExecute(statement))) fail("execute", SQL_HANDLE_STMT, statement);

  unsigned long long rows = 0;
  unsigned long long bytes = 0;
  for (;;) {
    const SQLRETURN status = SQLFetch(statement);
    if (status == SQL_NO_DATA) break;
    if (!SQL_SUCCEEDED(status)) fail("fetch", SQL_HANDLE_STMT, statement);
    rows += fetched;
    for (const Column& column : columns) {
      for (SQLULEN row = 0; column.bound && row < fetched; ++row) bytes += std::max<SQLLEN>(column.lengths[row], 0);
    }
    if (!all_bound) bytes += read_pieces(statement, columns);
  }
  const Seconds took = std::chrono::steady_clock::now() - started;
  std::printf("%llu %llu %.6f %.6f\n", rows, bytes, took.count(), Seconds(started - called).count());
  return 0;
}
