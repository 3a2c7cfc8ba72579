// Functions of statements up to the rows: preparing, executing, describing, catalogs.
#include <sql.h>
#include <sqlext.h>

#include <cstring>
#include <string>

#include "exported.hpp"
#include "handles.hpp"

using namespace hostile;

namespace {

SQLRETURN begin(Statement& statement, Result result) {
  statement.result = std::move(result);
  statement.next_row = 0;
  statement.block_row = 0;
  statement.reading = 0;
  return SQL_SUCCESS;
}

SQLRETURN answer_catalog(SQLHSTMT handle, const char* place, Result (*result)()) {
  auto& statement = statement_of(handle);
  if (const auto given = misbehave(statement.connection, statement, place)) return *given;
  return begin(statement, result());
}

/// What the driver says of a column, when it lies about types.
SQLSMALLINT other_type(SQLSMALLINT sql_type) {
  switch (sql_type) {
    case SQL_INTEGER:
      return SQL_VARBINARY;
    case SQL_VARCHAR:
      return SQL_INTEGER;
    case SQL_DECIMAL:
      return SQL_TYPE_TIMESTAMP;
    case SQL_TYPE_TIMESTAMP:
      return SQL_GUID;
    default:
      return 12345;
  }
}

Column told_column(const Connection& connection, Column column) {
  if (lies(connection, "type")) column.sql_type = other_type(column.sql_type);
  if (lies(connection, "size_huge")) column.size = SQLULEN{1} << 62;
  if (lies(connection, "size_zero")) column.size = 0;
  if (lies(connection, "size_negative")) column.size = static_cast<SQLULEN>(-1);
  if (lies(connection, "size_small")) column.size = 1;
  if (lies(connection, "digits")) column.digits = -32768;
  if (lies(connection, "no_name")) column.name.clear();
  if (lies(connection, "long_name")) column.name.assign(30000, 'n');
  if (lies(connection, "invalid_name")) column.name = "\xff\xfe\x80";
  if (lies(connection, "same_name")) column.name = "same";
  return column;
}

}  // namespace

EXPORTED SQLRETURN SQLPrepare(SQLHSTMT handle, SQLCHAR* text, SQLINTEGER length) {
  auto& statement = statement_of(handle);
  statement.prepared = text_of(text, length);
  if (const auto given = misbehave(statement.connection, statement, "prepare")) return *given;
  return begin(statement, answer_of(statement.connection, statement.prepared));
}

EXPORTED SQLRETURN SQLExecute(SQLHSTMT handle) {
  auto& statement = statement_of(handle);
  if (const auto given = misbehave(statement.connection, statement, "execute")) return *given;
  return begin(statement, answer_of(statement.connection, statement.prepared));
}

EXPORTED SQLRETURN SQLExecDirect(SQLHSTMT handle, SQLCHAR* text, SQLINTEGER length) {
  auto& statement = statement_of(handle);
  statement.prepared = text_of(text, length);
  if (const auto given = misbehave(statement.connection, statement, "execute")) return *given;
  return begin(statement, answer_of(statement.connection, statement.prepared));
}

EXPORTED SQLRETURN SQLCancel(SQLHSTMT handle) {
  // Another thread is in a call with this statement: its records are left alone.
  auto& statement = *static_cast<Statement*>(handle);
  Diagnosed own;
  if (const auto given = misbehave(statement.connection, own, "cancel")) return *given;
  ++statement.connection.cancels;
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLFreeStmt(SQLHSTMT handle, SQLUSMALLINT what) {
  auto& statement = statement_of(handle);
  if (const auto given = misbehave(statement.connection, statement, "free")) return *given;
  if (what == SQL_UNBIND) statement.bindings.clear();
  if (what == SQL_CLOSE) statement.result = {};
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLCloseCursor(SQLHSTMT handle) {
  return SQLFreeStmt(handle, SQL_CLOSE);
}

EXPORTED SQLRETURN SQLMoreResults(SQLHSTMT handle) {
  statement_of(handle).result = {};
  return SQL_NO_DATA;
}

EXPORTED SQLRETURN SQLNumParams(SQLHSTMT, SQLSMALLINT* count) {
  *count = 0;
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLRowCount(SQLHSTMT, SQLLEN* count) {
  *count = -1;
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLNumResultCols(SQLHSTMT handle, SQLSMALLINT* count) {
  auto& statement = statement_of(handle);
  if (const auto given = misbehave(statement.connection, statement, "describe")) return *given;
  *count = static_cast<SQLSMALLINT>(statement.result.columns.size());
  if (lies(statement.connection, "columns_many")) *count = 32767;
  if (lies(statement.connection, "columns_negative")) *count = -1;
  if (lies(statement.connection, "columns_none")) *count = 0;
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLDescribeCol(SQLHSTMT handle, SQLUSMALLINT number, SQLCHAR* name, SQLSMALLINT capacity,
                                  SQLSMALLINT* length, SQLSMALLINT* type, SQLULEN* size, SQLSMALLINT* digits,
                                  SQLSMALLINT* nullable) {
  auto& statement = statement_of(handle);
  if (const auto given = misbehave(statement.connection, statement, "describe")) return *given;
  const auto& columns = statement.result.columns;
  if (number < 1 || (number > columns.size() && !lies(statement.connection, "columns_many")))
    return statement.fails("07009", "Invalid descriptor index");
  const Column column = told_column(statement.connection, columns[(number - 1U) % columns.size()]);
  if (type != nullptr) *type = column.sql_type;
  if (size != nullptr) *size = column.size;
  if (digits != nullptr) *digits = column.digits;
  if (nullable != nullptr) *nullable = column.nullable;
  return give_text(column.name, name, capacity, length);
}

EXPORTED SQLRETURN SQLColAttribute(SQLHSTMT handle, SQLUSMALLINT number, SQLUSMALLINT field, SQLPOINTER text,
                                   SQLSMALLINT capacity, SQLSMALLINT* length, SQLLEN* value) {
  auto& statement = statement_of(handle);
  if (const auto given = misbehave(statement.connection, statement, "describe")) return *given;
  const auto& columns = statement.result.columns;
  if (columns.empty() || number < 1) return statement.fails("07009", "Invalid descriptor index");
  const Column column = told_column(statement.connection, columns[(number - 1U) % columns.size()]);
  auto* buffer = static_cast<SQLCHAR*>(text);
  SQLLEN told = 0;
  switch (field) {
    case SQL_DESC_NAME:
    case SQL_DESC_LABEL:
    case SQL_DESC_BASE_COLUMN_NAME:
      return give_text(column.name, buffer, capacity, length);
    case SQL_DESC_TYPE_NAME:
    case SQL_DESC_LOCAL_TYPE_NAME:
      return give_text(column.type_name, buffer, capacity, length);
    case SQL_DESC_TYPE:
    case SQL_DESC_CONCISE_TYPE:
      told = column.sql_type;
      break;
    case SQL_DESC_LENGTH:
    case SQL_DESC_OCTET_LENGTH:
    case SQL_DESC_DISPLAY_SIZE:
    case SQL_DESC_PRECISION:
      told = static_cast<SQLLEN>(column.size);
      break;
    case SQL_DESC_SCALE:
      told = column.digits;
      break;
    case SQL_DESC_NULLABLE:
      told = column.nullable;
      break;
    case SQL_DESC_UNSIGNED:
      told = column.sql_type == SQL_INTEGER ? SQL_FALSE : SQL_TRUE;
      break;
    default:
      break;
  }
  if (value != nullptr) *value = told;
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLTables(SQLHSTMT handle, SQLCHAR*, SQLSMALLINT, SQLCHAR*, SQLSMALLINT, SQLCHAR*, SQLSMALLINT,
                             SQLCHAR*, SQLSMALLINT) {
  return answer_catalog(handle, "tables", tables_result);
}

EXPORTED SQLRETURN SQLColumns(SQLHSTMT handle, SQLCHAR*, SQLSMALLINT, SQLCHAR*, SQLSMALLINT, SQLCHAR*, SQLSMALLINT,
                              SQLCHAR*, SQLSMALLINT) {
  return answer_catalog(handle, "columns", columns_result);
}

EXPORTED SQLRETURN SQLPrimaryKeys(SQLHSTMT handle, SQLCHAR*, SQLSMALLINT, SQLCHAR*, SQLSMALLINT, SQLCHAR*,
                                  SQLSMALLINT) {
  return answer_catalog(handle, "keys", keys_result);
}
