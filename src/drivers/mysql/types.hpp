// Which local type a remote column gets, and how its values are read: the one place that knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/rows/logical_type.hpp"
#include "drivers/mysql/charset.hpp"

struct st_mysql_field;

namespace connector::mysql {

/// How a value of the binary protocol is read and stored.
enum class Decode : std::uint8_t {
  null,  ///< the type of the literal NULL: no bytes
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  int64,
  uint64,  ///< to numeric
  float4,
  float8,
  decimal,  ///< text to numeric
  boolean,  ///< bit(1)
  bits,
  expression_bits,  ///< of an expression: the bits, or the digits of the number that they are
  date,
  datetime,  ///< timestamp and timestamptz alike: the session's time zone is UTC
  time,
  time_interval,
  time_text,  ///< as the server prints it
  text,
  wide_text,  ///< converted to UTF-8
  bytes,
  geometry,
};

/// A column as the protocol's metadata describe it.
struct FieldFacts {
  int type = 0;  ///< enum_field_types; MySQL 9's vector is 242
  unsigned flags = 0;
  unsigned collation = 0;
  unsigned long length = 0;  ///< bytes of the longest value
  unsigned decimals = 0;
  /// Straight from a field of a table, be it one that the server made for this statement; not an expression.
  bool is_table_column = false;
  std::string data_type_name;  ///< MariaDB 10.5+: "uuid", "inet6", "point"
  std::string format_name;     ///< MariaDB 10.5+: "json"
  bool operator==(const FieldFacts&) const = default;
};

struct ColumnRule {
  Decode decode = Decode::text;
  core::LogicalType type;
  core::ValueForm form = core::ValueForm::datum;
  TextArrival text;         ///< of text forms
  std::string remote_type;  ///< in MySQL's words, as far as metadata tell
  std::int32_t digits = 0;  ///< time_text: behind the point of seconds
  bool is_truth = false;    ///< an integer that becomes a boolean: whether it is 0
};

/// `is_json`: known from elsewhere (a check constraint of older MariaDB) to hold JSON.
/// Throws Error (encoding) for a text whose character set would have to be guessed.
ColumnRule column_rule(const FieldFacts& field, bool is_json, const TextReading& reading,
                       const std::optional<core::LogicalType>& wanted);

/// Whether the column is a tinyint(1), which is how MySQL declares a boolean.
bool is_tinyint1(const FieldFacts& field) noexcept;

/// Has a tinyint(1) become a boolean.
void read_as_boolean(ColumnRule& rule);

bool is_integer(Decode decode) noexcept;
/// Bits of a table or of an expression.
bool is_bits(Decode decode) noexcept;

/// True if what a server sends for a bit(`bits`) of an expression tells by itself whether it is the bits or the digits
/// of their number: such bits are one byte below all digits. Larger ones may also arrive converted as if they were
/// text.
constexpr bool is_told_by_value(std::int32_t bits) noexcept {
  return bits <= 5;
}

/// Whether there may be values of the column, of a table or else of a query, that can't be held here, beside zero
/// dates.
bool can_be_invalid(const ColumnRule& rule, bool is_of_table) noexcept;

/// True if every value of a column that arrives by the rule `wire` can be stored in a column described by `described`,
/// or is checked when it is.
bool can_store(const ColumnRule& described, const ColumnRule& wire) noexcept;

}  // namespace connector::mysql
