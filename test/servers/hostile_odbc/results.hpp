// What statements and catalog functions answer with: columns, and rows whose values are texts.
#pragma once

#include <sql.h>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hostile {

struct Connection;

struct Column {
  std::string name;
  SQLSMALLINT sql_type;
  SQLULEN size;
  SQLSMALLINT digits = 0;
  SQLSMALLINT nullable = SQL_NULLABLE;
  std::string type_name{};
};

/// A value's bytes (UTF-8 for text, the bytes themselves for binary); none = NULL.
using Value = std::optional<std::string>;

struct Result {
  std::vector<Column> columns;
  long rows = 0;  ///< negative = without end
  std::function<Value(long row, std::size_t column)> value;

  bool empty() const { return columns.empty(); }
};

/// The table `things`: what a well-behaved driver has. Column 0 is the key.
const std::vector<Column>& table_columns();

/// The value of a row (from 0) and column there.
Value table_value(long row, std::size_t column);

/// The result of a statement. It is read only as far as clients of the tests write: a list of columns or a star, `1 =
/// 0`, a comparison `> number` of the key, and LIMIT.
Result answer_of(const Connection& connection, std::string_view statement);

Result tables_result();
Result columns_result();
Result keys_result();
Result no_rows(std::vector<Column> columns);

}  // namespace hostile
