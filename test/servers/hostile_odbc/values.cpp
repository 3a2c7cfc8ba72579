#include "values.hpp"

#include <sqlext.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace hostile {

namespace {

constexpr unsigned long huge_value_bytes = 2UL << 30;
constexpr SQLLEN huge = SQLLEN{1} << 62;

/// Bytes that are given piece by piece; a value that is longer than its bytes repeats them.
struct Content {
  std::string bytes;
  unsigned long total;

  void copy(unsigned long from, unsigned long count, char* to) const {
    if (total == bytes.size())
      std::memcpy(to, bytes.data() + from, count);
    else
      std::memset(to, bytes[0], count);
  }
};

// Code points below 0x10000 are all that this driver has.
std::string utf16(std::string_view text) {
  std::string wide;
  for (std::size_t at = 0; at < text.size();) {
    const auto first = static_cast<unsigned char>(text[at]);
    unsigned code = first;
    std::size_t more = 0;
    if (first >= 0xe0) {
      code = first & 0x0fU, more = 2;
    } else if (first >= 0xc0) {
      code = first & 0x1fU, more = 1;
    }
    for (++at; more > 0 && at < text.size(); --more, ++at)
      code = code << 6 | (static_cast<unsigned char>(text[at]) & 0x3fU);
    const auto unit = static_cast<char16_t>(code);
    wide.append(reinterpret_cast<const char*>(&unit), sizeof unit);
  }
  return wide;
}

SQLSMALLINT default_type(SQLSMALLINT sql_type) {
  switch (sql_type) {
    case SQL_INTEGER:
      return SQL_C_SLONG;
    case SQL_SMALLINT:
      return SQL_C_SSHORT;
    case SQL_TYPE_TIMESTAMP:
      return SQL_C_TYPE_TIMESTAMP;
    case SQL_VARBINARY:
      return SQL_C_BINARY;
    default:
      return SQL_C_CHAR;
  }
}

SQLLEN lying_indicator(const Connection& connection, SQLLEN truth) {
  if (lies(connection, "indicator_at_exec")) return SQL_LEN_DATA_AT_EXEC(truth);
  if (lies(connection, "indicator_negative")) return -99;
  if (lies(connection, "indicator_huge")) return huge;
  if (lies(connection, "indicator_larger")) return truth + 1000;
  if (lies(connection, "indicator_smaller")) return truth / 2;
  if (lies(connection, "no_total")) return SQL_NO_TOTAL;
  return truth;
}

SQLRETURN give_pieces(Statement& statement, const Content& content, const Place& place, SQLLEN terminator,
                      Progress& progress) {
  const auto& connection = statement.connection;
  const auto capacity = static_cast<unsigned long>(std::max<SQLLEN>(0, place.capacity - terminator));
  auto* target = static_cast<char*>(place.target);
  const bool stuck = lies(connection, "stuck_value");
  if (stuck || lies(connection, "endless_value")) {
    if (!stuck && target != nullptr) std::memset(target, 'x', capacity);
    if (target != nullptr && place.capacity >= terminator)
      std::memset(target + (stuck ? 0 : capacity), 0, static_cast<std::size_t>(terminator));
    if (place.indicator != nullptr) *place.indicator = SQL_NO_TOTAL;
    statement.fails("01004", "String data, right truncated");
    return SQL_SUCCESS_WITH_INFO;
  }
  const auto rest = content.total - progress.given;
  // A piece of UTF-16 ends behind a whole unit.
  const auto count = std::min(rest, terminator == 2 ? capacity & ~1UL : capacity);
  if (target != nullptr && place.capacity >= terminator) {
    content.copy(progress.given, count, target);
    std::memset(target + count, 0, static_cast<std::size_t>(terminator));
  }
  if (place.indicator != nullptr) *place.indicator = lying_indicator(connection, static_cast<SQLLEN>(rest));
  progress.given += count;
  progress.whole = count == rest;
  if (progress.whole && !lies(connection, "truncated")) return SQL_SUCCESS;
  statement.fails("01004", "String data, right truncated");
  return SQL_SUCCESS_WITH_INFO;
}

template <typename Number>
void put(SQLPOINTER target, Number number) {
  std::memcpy(target, &number, sizeof number);
}

SQLRETURN give_number(Statement& statement, const std::string& text, const Place& place) {
  char* end = nullptr;
  const long long whole = std::strtoll(text.c_str(), &end, 10);
  const bool is_whole = *end == 0 && !text.empty();
  const double real = std::strtod(text.c_str(), &end);
  if (*end != 0 || text.empty()) return statement.fails("22018", "Invalid character value for cast specification");
  switch (place.c_type) {
    case SQL_C_DOUBLE:
      put(place.target, real);
      return SQL_SUCCESS;
    case SQL_C_FLOAT:
      put(place.target, static_cast<float>(real));
      return SQL_SUCCESS;
    default:
      break;
  }
  if (!is_whole) return statement.fails("22018", "Invalid character value for cast specification");
  switch (fixed_size(place.c_type)) {
    case 1:
      put(place.target, static_cast<std::int8_t>(whole));
      break;
    case 2:
      put(place.target, static_cast<std::int16_t>(whole));
      break;
    case 4:
      put(place.target, static_cast<std::int32_t>(whole));
      break;
    default:
      put(place.target, static_cast<std::int64_t>(whole));
      break;
  }
  return SQL_SUCCESS;
}

SQLRETURN give_timestamp(Statement& statement, const std::string& text, const Place& place) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0;
  if (std::sscanf(text.c_str(), "%d-%d-%d %d:%d:%d.%d", &year, &month, &day, &hour, &minute, &second, &micros) < 6)
    return statement.fails("22018", "Invalid character value for cast specification");
  SQL_TIMESTAMP_STRUCT parts{};
  parts.year = static_cast<SQLSMALLINT>(year);
  parts.month = static_cast<SQLUSMALLINT>(month);
  parts.day = static_cast<SQLUSMALLINT>(day);
  parts.hour = static_cast<SQLUSMALLINT>(hour);
  parts.minute = static_cast<SQLUSMALLINT>(minute);
  parts.second = static_cast<SQLUSMALLINT>(second);
  parts.fraction = static_cast<SQLUINTEGER>(micros) * 1000;
  if (lies(statement.connection, "bad_moments")) parts.month = 77, parts.fraction = 4'000'000'000U, parts.year = -32768;
  put(place.target, parts);
  return SQL_SUCCESS;
}

bool is_whole_number(SQLSMALLINT c_type) {
  switch (c_type) {
    case SQL_C_LONG:
    case SQL_C_SLONG:
    case SQL_C_ULONG:
    case SQL_C_SHORT:
    case SQL_C_SSHORT:
    case SQL_C_USHORT:
    case SQL_C_TINYINT:
    case SQL_C_STINYINT:
    case SQL_C_UTINYINT:
    case SQL_C_BIT:
    case SQL_C_SBIGINT:
    case SQL_C_UBIGINT:
      return true;
    default:
      return false;
  }
}

}  // namespace

SQLLEN fixed_size(SQLSMALLINT c_type) {
  switch (c_type) {
    case SQL_C_TINYINT:
    case SQL_C_STINYINT:
    case SQL_C_UTINYINT:
    case SQL_C_BIT:
      return 1;
    case SQL_C_SHORT:
    case SQL_C_SSHORT:
    case SQL_C_USHORT:
      return 2;
    case SQL_C_LONG:
    case SQL_C_SLONG:
    case SQL_C_ULONG:
    case SQL_C_FLOAT:
      return 4;
    case SQL_C_DOUBLE:
    case SQL_C_SBIGINT:
    case SQL_C_UBIGINT:
      return 8;
    case SQL_C_TYPE_TIMESTAMP:
    case SQL_C_TIMESTAMP:
      return sizeof(SQL_TIMESTAMP_STRUCT);
    default:
      return 0;
  }
}

SQLRETURN give_value(Statement& statement, long row, std::size_t column, const Place& asked, Progress& progress) {
  const auto& connection = statement.connection;
  Place place = asked;
  if (place.c_type == SQL_C_DEFAULT) place.c_type = default_type(statement.result.columns[column].sql_type);
  const Value value = statement.result.value(row, column);
  if (!value || lies(connection, "only_nulls")) {
    progress.whole = true;
    if (place.indicator == nullptr) return statement.fails("22002", "Indicator variable required but not supplied");
    *place.indicator = SQL_NULL_DATA;
    return SQL_SUCCESS;
  }
  const bool is_huge = lies(connection, "huge_value") && statement.result.columns[column].name == "word";
  Content content{is_huge ? "x" : *value, is_huge ? huge_value_bytes : value->size()};
  if (lies(connection, "invalid_text") && statement.result.columns[column].name == "word")
    content = {"\xff\xfe\x80", 3};
  switch (place.c_type) {
    case SQL_C_CHAR:
      return give_pieces(statement, content, place, 1, progress);
    case SQL_C_BINARY:
      return give_pieces(statement, content, place, 0, progress);
    case SQL_C_WCHAR:
      if (is_huge) return give_pieces(statement, content, place, 2, progress);
      content.bytes = utf16(content.bytes);
      if (lies(connection, "invalid_text")) content.bytes.assign("\x00\xd8\x00\xd8", 4);
      content.total = content.bytes.size();
      return give_pieces(statement, content, place, 2, progress);
    default:
      break;
  }
  progress.whole = true;
  if (place.indicator != nullptr) *place.indicator = lying_indicator(connection, fixed_size(place.c_type));
  if (place.c_type == SQL_C_TYPE_TIMESTAMP || place.c_type == SQL_C_TIMESTAMP)
    return give_timestamp(statement, *value, place);
  if (is_whole_number(place.c_type) || place.c_type == SQL_C_DOUBLE || place.c_type == SQL_C_FLOAT)
    return give_number(statement, *value, place);
  return statement.fails("HY003", "Invalid application buffer type");
}

}  // namespace hostile
