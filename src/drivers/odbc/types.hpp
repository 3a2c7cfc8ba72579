// What becomes of the types of ODBC, and how their values are read.
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "core/remote/source.hpp"
#include "drivers/odbc/driver_traits.hpp"

namespace connector::odbc {

/// What the driver tells of a column of a result.
struct ColumnFacts {
  std::string name;
  SQLSMALLINT sql_type = SQL_UNKNOWN_TYPE;
  SQLULEN size = 0;
  SQLSMALLINT digits = 0;
  bool is_unsigned = false;
  SQLSMALLINT nullable = SQL_NULLABLE_UNKNOWN;
  std::string type_name;
};

/// Without not_null and comment, which metadata of tables tell. `encoding`: the one that was asked for.
core::RemoteColumn describe_column(const ColumnFacts& facts, const DriverTraits& traits,
                                   const std::optional<core::LogicalType>& wanted,
                                   const std::optional<std::string>& encoding);

/// What values are to be read as, and what is made of them.
enum class Decode : std::uint8_t {
  boolean,
  int16,
  int32,
  int64,
  float4,
  float8,
  float4_of_double,  ///< a double that was a float before
  date,
  time,
  timestamp,
  uuid,
  bytes,
  bits,       ///< the bits of a number, the highest byte first
  wide_text,  ///< UTF-16 in the machine's order of bytes
  text,
  // From here on, parsed out of text of ASCII characters.
  integer_text,
  float_text,
  decimal_text,
  money_text,
  boolean_text,
  date_text,
  time_text,
  time_interval_text,  ///< a time of any number of hours, with a sign
  timestamp_text,
  offset_timestamp_text,  ///< with an offset from UTC behind it
  interval_text,          ///< of the interval types of SQL
};

/// How the values of a column are read.
struct Reading {
  Decode decode = Decode::wide_text;
  SQLSMALLINT c_type = SQL_C_WCHAR;
  std::size_t fixed_bytes = 0;  ///< of a value in the driver's buffer; 0 = they vary
  std::size_t unit_bytes = 2;   ///< where they vary: of a character or byte
  std::size_t end_bytes = 2;    ///< of the 0 that the driver puts behind a value
  /// Where they vary: how many units a value will have, as far as anybody knows; 0 = any number.
  std::size_t expected_units = 0;
  /// SQL_NO_DATA for the first piece is an empty value, and no fault.
  bool has_empty_without_piece = false;
};

/// The reading of a column that describe_column() described so.
Reading reading_of(const ColumnFacts& facts, const DriverTraits& traits, const core::RemoteColumn& described);

/// Whether the column may have values that have no place here, such as zero dates.
bool may_be_invalid(const ColumnFacts& facts, const DriverTraits& traits, const core::RemoteColumn& described);

}  // namespace connector::odbc
