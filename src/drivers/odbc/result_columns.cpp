#include "drivers/odbc/result_columns.hpp"

#include <algorithm>
#include <string>

#include "drivers/odbc/wide_text.hpp"

namespace connector::odbc {

namespace {

/// Names are longer in no database that is known; a driver that has a longer one tells its length.
constexpr std::size_t usual_name = 512;
constexpr std::size_t longest_name = 32766;

/// Calls `describe(buffer, units, length)`, again with more room for a name that is longer than the first.
template <typename Unit, typename Describe>
std::vector<Unit> described_name(Describe&& describe, SQLRETURN& result) {
  std::vector<Unit> name(usual_name + 1);
  SQLSMALLINT length = 0;
  result = describe(name.data(), static_cast<SQLSMALLINT>(usual_name), &length);
  if (SQL_SUCCEEDED(result) && length >= static_cast<SQLSMALLINT>(usual_name)) {
    name.assign(longest_name + 1, Unit{0});
    result = describe(name.data(), static_cast<SQLSMALLINT>(longest_name), &length);
  }
  name.erase(std::ranges::find(name, Unit{0}), name.end());
  return name;
}

/// A text of SQLColAttribute; empty if the driver does not tell it.
std::string type_name(SQLHSTMT statement, SQLUSMALLINT number, bool is_unicode) {
  SQLRETURN result = SQL_ERROR;
  // Lengths are counted in bytes there.
  if (is_unicode) {
    const auto name = described_name<SQLWCHAR>(
        [&](SQLWCHAR* buffer, SQLSMALLINT units, SQLSMALLINT* length) {
          const auto bytes =
              static_cast<SQLSMALLINT>(std::min<std::size_t>(units, longest_name / 2) * sizeof(SQLWCHAR));
          const SQLRETURN told =
              SQLColAttributeW(statement, number, SQL_DESC_TYPE_NAME, buffer, bytes, length, nullptr);
          *length = static_cast<SQLSMALLINT>(*length / static_cast<SQLSMALLINT>(sizeof(SQLWCHAR)));
          return told;
        },
        result);
    return SQL_SUCCEEDED(result) ? narrow_text(name) : std::string();
  }
  const auto name = described_name<SQLCHAR>(
      [&](SQLCHAR* buffer, SQLSMALLINT units, SQLSMALLINT* length) {
        return SQLColAttribute(statement, number, SQL_DESC_TYPE_NAME, buffer, units, length, nullptr);
      },
      result);
  return SQL_SUCCEEDED(result) ? valid_text(std::string(name.begin(), name.end())) : std::string();
}

ColumnFacts column_facts(Session& session, SQLHSTMT statement, SQLUSMALLINT number, const Task& task) {
  ColumnFacts facts;
  SQLRETURN result = SQL_ERROR;
  const bool is_unicode = session.traits().unicode;
  if (is_unicode) {
    const auto name = described_name<SQLWCHAR>(
        [&](SQLWCHAR* buffer, SQLSMALLINT units, SQLSMALLINT* length) {
          return SQLDescribeColW(statement, number, buffer, units, length, &facts.sql_type, &facts.size, &facts.digits,
                                 &facts.nullable);
        },
        result);
    facts.name = narrow_text(name);
  } else {
    const auto name = described_name<SQLCHAR>(
        [&](SQLCHAR* buffer, SQLSMALLINT units, SQLSMALLINT* length) {
          return SQLDescribeCol(statement, number, buffer, units, length, &facts.sql_type, &facts.size, &facts.digits,
                                &facts.nullable);
        },
        result);
    facts.name = valid_text(std::string(name.begin(), name.end()));
  }
  session.check(result, statement, task, "SQLDescribeCol");
  SQLLEN is_unsigned = SQL_FALSE;
  const SQLRETURN told = SQLColAttribute(statement, number, SQL_DESC_UNSIGNED, nullptr, 0, nullptr, &is_unsigned);
  facts.is_unsigned = SQL_SUCCEEDED(told) && is_unsigned == SQL_TRUE;
  facts.type_name = type_name(statement, number, is_unicode);
  return facts;
}

}  // namespace

std::vector<ColumnFacts> result_columns(Session& session, SQLHSTMT statement, const Task& task) {
  std::vector<ColumnFacts> columns;
  const std::size_t count = session.column_count(statement, task);
  for (std::size_t number = 1; number <= count; ++number) {
    columns.push_back(column_facts(session, statement, static_cast<SQLUSMALLINT>(number), task));
  }
  return columns;
}

}  // namespace connector::odbc
