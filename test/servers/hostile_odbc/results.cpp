#include "results.hpp"

#include <regex.h>
#include <sqlext.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include "handles.hpp"

namespace hostile {

namespace {

std::string upper(std::string_view text) {
  std::string result(text);
  std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return result;
}

std::string moment(long row) {
  const std::time_t seconds = 1577836800 + row;  // 2020-01-01 00:00:00
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  const auto length = std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &parts);
  return std::string(text, length) + ".250000";
}

std::string list_before_from(std::string_view statement) {
  const std::string text = upper(statement);
  const auto from = text.find("FROM");
  return text.substr(0, from == std::string::npos ? text.size() : from);
}

std::vector<std::size_t> chosen_columns(std::string_view statement) {
  const std::string list = list_before_from(statement);
  std::vector<std::pair<std::size_t, std::size_t>> found;  // where, which
  for (std::size_t i = 0; i < table_columns().size(); ++i)
    if (const auto at = list.find(upper(table_columns()[i].name)); at != std::string::npos) found.emplace_back(at, i);
  std::ranges::sort(found);
  std::vector<std::size_t> chosen;
  for (const auto& [at, which] : found) chosen.push_back(which);
  if (chosen.empty())
    for (std::size_t i = 0; i < table_columns().size(); ++i) chosen.push_back(i);
  return chosen;
}

/// The number that the first group of an extended regular expression finds.
long number_in(const std::string& statement, const char* pattern, long otherwise) {
  regex_t expression;
  regmatch_t groups[2];
  if (regcomp(&expression, pattern, REG_EXTENDED | REG_ICASE) != 0) std::abort();
  const bool found = regexec(&expression, statement.c_str(), 2, groups, 0) == 0;
  regfree(&expression);
  return found ? std::atol(statement.c_str() + groups[1].rm_so) : otherwise;
}

Result fixed(std::vector<Column> columns, std::vector<std::vector<Value>> rows) {
  const auto count = static_cast<long>(rows.size());
  return {std::move(columns), count, [rows = std::move(rows)](long row, std::size_t column) {
            return rows[static_cast<std::size_t>(row)][column];
          }};
}

Column text_column(const char* name) {
  return {name, SQL_VARCHAR, 128, 0, SQL_NULLABLE, "VARCHAR"};
}

Column number_column(const char* name, SQLSMALLINT sql_type = SQL_SMALLINT) {
  return {name, sql_type, sql_type == SQL_SMALLINT ? 5U : 10U, 0, SQL_NULLABLE, "INTEGER"};
}

}  // namespace

const std::vector<Column>& table_columns() {
  static const std::vector<Column> columns = {
      {"id", SQL_INTEGER, 10, 0, SQL_NO_NULLS, "INTEGER"},
      {"word", SQL_VARCHAR, 40, 0, SQL_NULLABLE, "VARCHAR"},
      {"amount", SQL_DECIMAL, 20, 4, SQL_NULLABLE, "DECIMAL"},
      {"moment", SQL_TYPE_TIMESTAMP, 26, 6, SQL_NULLABLE, "TIMESTAMP"},
      {"bytes", SQL_VARBINARY, 60, 0, SQL_NULLABLE, "VARBINARY"},
  };
  return columns;
}

Value table_value(long row, std::size_t column) {
  switch (column) {
    case 0:
      return std::to_string(row + 1);
    case 1:
      return row % 7 == 6 ? Value() : "w\u00f6rd " + std::to_string(row + 1);
    case 2:
      return std::to_string(row + 1) + ".2500";
    case 3:
      return moment(row);
    default:
      return std::string(static_cast<std::size_t>(row % 50), static_cast<char>(row));
  }
}

Result answer_of(const Connection& connection, std::string_view statement) {
  const std::string text(statement);
  const auto chosen = chosen_columns(text);
  Result result;
  for (const auto which : chosen) result.columns.push_back(table_columns()[which]);
  const long above = number_in(text, R"(id"? *\)? *> *\(?(-?[0-9]+))", 0);
  const long all = std::max(0L, connection.number("rows", 100) - above);
  const bool none = number_in(text, "(1) *= *0", 0) == 1;
  result.rows = none ? 0 : std::min(all, number_in(text, "LIMIT +([0-9]+)", all));
  if (lies(connection, "endless_rows") && !none) result.rows = -1;
  result.value = [chosen, above](long row, std::size_t column) { return table_value(row + above, chosen[column]); };
  return result;
}

Result tables_result() {
  return fixed({text_column("TABLE_CAT"), text_column("TABLE_SCHEM"), text_column("TABLE_NAME"),
                text_column("TABLE_TYPE"), text_column("REMARKS")},
               {{Value(), Value(), "things", "TABLE", "a table"}});
}

Result columns_result() {
  std::vector<std::vector<Value>> rows;
  int position = 0;
  for (const auto& column : table_columns()) {
    const std::string type = std::to_string(column.sql_type), size = std::to_string(column.size);
    rows.push_back({Value(), Value(), "things", column.name, type, column.type_name, size, size,
                    std::to_string(column.digits), "10", std::to_string(column.nullable), "the column " + column.name,
                    Value(), type, Value(), size, std::to_string(++position),
                    column.nullable == SQL_NO_NULLS ? "NO" : "YES"});
  }
  return fixed(
      {text_column("TABLE_CAT"), text_column("TABLE_SCHEM"), text_column("TABLE_NAME"), text_column("COLUMN_NAME"),
       number_column("DATA_TYPE"), text_column("TYPE_NAME"), number_column("COLUMN_SIZE", SQL_INTEGER),
       number_column("BUFFER_LENGTH", SQL_INTEGER), number_column("DECIMAL_DIGITS"), number_column("NUM_PREC_RADIX"),
       number_column("NULLABLE"), text_column("REMARKS"), text_column("COLUMN_DEF"), number_column("SQL_DATA_TYPE"),
       number_column("SQL_DATETIME_SUB"), number_column("CHAR_OCTET_LENGTH", SQL_INTEGER),
       number_column("ORDINAL_POSITION", SQL_INTEGER), text_column("IS_NULLABLE")},
      std::move(rows));
}

Result keys_result() {
  return fixed({text_column("TABLE_CAT"), text_column("TABLE_SCHEM"), text_column("TABLE_NAME"),
                text_column("COLUMN_NAME"), number_column("KEY_SEQ"), text_column("PK_NAME")},
               {{Value(), Value(), "things", "id", "1", "things_key"}});
}

Result no_rows(std::vector<Column> columns) {
  return fixed(std::move(columns), {});
}

}  // namespace hostile
