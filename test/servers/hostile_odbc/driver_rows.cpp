// Functions that give rows.
#include <sql.h>
#include <sqlext.h>

#include <cstdint>
#include <vector>

#include "exported.hpp"
#include "handles.hpp"
#include "values.hpp"

using namespace hostile;

namespace {

template <typename Pointer>
Pointer* moved(Pointer* pointer, SQLULEN bytes) {
  return pointer == nullptr ? nullptr : reinterpret_cast<Pointer*>(reinterpret_cast<char*>(pointer) + bytes);
}

Place place_of(const Statement& statement, const Binding& binding, SQLULEN index) {
  const SQLULEN offset = statement.bind_offset == nullptr ? 0 : *statement.bind_offset;
  const SQLLEN fixed = fixed_size(binding.c_type);
  const bool by_column = statement.bind_type == SQL_BIND_BY_COLUMN;
  const SQLULEN step =
      by_column ? static_cast<SQLULEN>(fixed != 0 ? fixed : binding.buffer_length) : statement.bind_type;
  const SQLULEN indicator_step = by_column ? sizeof(SQLLEN) : statement.bind_type;
  return {binding.c_type, moved(static_cast<char*>(binding.target), offset + index * step), binding.buffer_length,
          moved(binding.indicator, offset + index * indicator_step)};
}

SQLRETURN fill_row(Statement& statement, long row, SQLULEN index) {
  SQLRETURN worst = SQL_SUCCESS;
  for (const auto& [number, binding] : statement.bindings) {
    if (number < 1 || number > statement.result.columns.size()) continue;
    Progress progress;
    const SQLRETURN given = give_value(statement, row, number - 1U, place_of(statement, binding, index), progress);
    if (given == SQL_ERROR) return SQL_ERROR;
    if (given == SQL_SUCCESS_WITH_INFO) worst = given;
  }
  return worst;
}

SQLRETURN fetch(Statement& statement) {
  const auto& connection = statement.connection;
  if (const auto given = misbehave(statement.connection, statement, "fetch")) return *given;
  if (statement.result.empty()) return statement.fails("24000", "Invalid cursor state");
  if (lies(connection, "empty_blocks")) {
    if (statement.rows_fetched != nullptr) *statement.rows_fetched = 0;
    return SQL_SUCCESS;
  }
  SQLRETURN worst = SQL_SUCCESS;
  SQLULEN count = 0;
  statement.first_row = statement.block_row = statement.next_row;
  statement.reading = 0;
  for (; count < statement.array_size; ++count, ++statement.next_row) {
    if (statement.result.rows >= 0 && statement.next_row >= statement.result.rows) break;
    const SQLRETURN given = fill_row(statement, statement.next_row, count);
    if (given == SQL_ERROR) return SQL_ERROR;
    if (given == SQL_SUCCESS_WITH_INFO) worst = given;
    if (statement.row_status != nullptr)
      statement.row_status[count] = lies(connection, "row_error") ? SQL_ROW_ERROR
                                    : given == SQL_SUCCESS        ? SQL_ROW_SUCCESS
                                                                  : SQL_ROW_SUCCESS_WITH_INFO;
  }
  if (statement.row_status != nullptr)
    for (SQLULEN rest = count; rest < statement.array_size; ++rest) statement.row_status[rest] = SQL_ROW_NOROW;
  if (statement.rows_fetched != nullptr) {
    *statement.rows_fetched = count;
    if (lies(connection, "rows_many")) *statement.rows_fetched = statement.array_size + 1000;
    if (lies(connection, "rows_huge")) *statement.rows_fetched = SQLULEN{1} << 62;
  }
  if (count == 0) return SQL_NO_DATA;
  if (lies(connection, "truncated")) {
    statement.fails("01004", "String data, right truncated");
    return SQL_SUCCESS_WITH_INFO;
  }
  return worst;
}

}  // namespace

EXPORTED SQLRETURN SQLSetStmtAttr(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER) {
  auto& statement = statement_of(handle);
  const auto number = reinterpret_cast<std::uintptr_t>(value);
  switch (attribute) {
    case SQL_ATTR_ROW_ARRAY_SIZE:
    case SQL_ROWSET_SIZE:
      statement.array_size = number == 0 ? 1 : number;
      break;
    case SQL_ATTR_ROW_BIND_TYPE:
      statement.bind_type = number;
      break;
    case SQL_ATTR_ROWS_FETCHED_PTR:
      statement.rows_fetched = static_cast<SQLULEN*>(value);
      break;
    case SQL_ATTR_ROW_STATUS_PTR:
      statement.row_status = static_cast<SQLUSMALLINT*>(value);
      break;
    case SQL_ATTR_ROW_BIND_OFFSET_PTR:
      statement.bind_offset = static_cast<SQLULEN*>(value);
      break;
    default:
      break;
  }
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLGetStmtAttr(SQLHSTMT handle, SQLINTEGER attribute, SQLPOINTER value, SQLINTEGER,
                                  SQLINTEGER* length) {
  auto& statement = statement_of(handle);
  if (attribute >= SQL_ATTR_APP_ROW_DESC && attribute <= SQL_ATTR_IMP_PARAM_DESC)
    return statement.fails("HYC00", "Optional feature not implemented");
  *static_cast<SQLULEN*>(value) = attribute == SQL_ATTR_ROW_ARRAY_SIZE ? statement.array_size : 0;
  if (length != nullptr) *length = sizeof(SQLULEN);
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLBindCol(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT c_type, SQLPOINTER target,
                              SQLLEN capacity, SQLLEN* indicator) {
  auto& statement = statement_of(handle);
  if (target == nullptr && indicator == nullptr)
    statement.bindings.erase(number);
  else
    statement.bindings[number] = {c_type, target, capacity, indicator};
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLFetch(SQLHSTMT handle) {
  return fetch(statement_of(handle));
}

EXPORTED SQLRETURN SQLFetchScroll(SQLHSTMT handle, SQLSMALLINT, SQLLEN) {
  return fetch(statement_of(handle));
}

EXPORTED SQLRETURN SQLSetPos(SQLHSTMT handle, SQLSETPOSIROW row, SQLUSMALLINT, SQLUSMALLINT) {
  auto& statement = statement_of(handle);
  if (row < 1 || row > statement.array_size) return statement.fails("HY107", "Row value out of range");
  statement.block_row = statement.first_row + static_cast<long>(row) - 1;
  statement.reading = 0;
  return SQL_SUCCESS;
}

EXPORTED SQLRETURN SQLGetData(SQLHSTMT handle, SQLUSMALLINT number, SQLSMALLINT c_type, SQLPOINTER target,
                              SQLLEN capacity, SQLLEN* indicator) {
  auto& statement = statement_of(handle);
  if (const auto given = misbehave(statement.connection, statement, "getdata")) return *given;
  if (number < 1 || number > statement.result.columns.size())
    return statement.fails("07009", "Invalid descriptor index");
  if (statement.block_row >= statement.next_row) return statement.fails("24000", "Invalid cursor state");
  if (statement.reading != number) {
    statement.reading = number;
    statement.progress = {};
  } else if (statement.progress.whole) {
    return SQL_NO_DATA;
  }
  return give_value(statement, statement.block_row, number - 1U, {c_type, target, capacity, indicator},
                    statement.progress);
}
