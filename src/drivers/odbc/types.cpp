#include "drivers/odbc/types.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include "core/base/utf8.hpp"

namespace connector::odbc {

namespace {

using core::LogicalType;
using core::TypeKind;
using core::ValueForm;

// Types of Microsoft's drivers, from "Data type mappings" of their documentation (msodbcsql.h).
constexpr SQLSMALLINT sqlserver_variant = -150, sqlserver_user_defined = -151, sqlserver_xml = -152,
                      sqlserver_table = -153, sqlserver_time = -154, sqlserver_timestamp_offset = -155;

/// More units than this are not believed to come: such values are read piece by piece.
constexpr SQLULEN most_expected_units = 1020;

/// PostgreSQL's largest precision for numeric(p,s).
constexpr SQLULEN max_precision = 1000;

struct Rule {
  Decode decode = Decode::wide_text;
  LogicalType type{};
  ValueForm form = ValueForm::datum;
  std::string encoding = "UTF8";
  std::string unsupported{};
};

LogicalType kind(TypeKind kind, std::int32_t length = 0, std::int32_t scale = 0) {
  LogicalType type;
  type.kind = kind;
  type.length = length;
  type.scale = scale;
  return type;
}

Rule datum(Decode decode, LogicalType type) {
  Rule rule;
  rule.decode = decode;
  rule.type = std::move(type);
  return rule;
}

bool is_wide(SQLSMALLINT type) {
  return type == SQL_WCHAR || type == SQL_WVARCHAR || type == SQL_WLONGVARCHAR || type == sqlserver_xml ||
         type == sqlserver_variant;
}

bool is_long(SQLSMALLINT type) {
  return type == SQL_LONGVARCHAR || type == SQL_WLONGVARCHAR || type == SQL_LONGVARBINARY || type == sqlserver_xml ||
         type == sqlserver_user_defined;
}

bool is_moment(SQLSMALLINT type) {
  constexpr SQLSMALLINT moments[] = {SQL_DATE,      SQL_TIME,      SQL_TIMESTAMP,
                                     SQL_TYPE_DATE, SQL_TYPE_TIME, SQL_TYPE_TIMESTAMP};
  return std::ranges::find(moments, type) != std::end(moments);
}

/// The driver of SQLite tells the declared type, but any value may stand in any column, and the driver makes zeros and
/// NULLs of those that it can't convert: what is no text there is read as text, which tells them. Nothing is lost by
/// that: the driver itself converts numbers by their text. MDBTools has its values as text, too, and nothing else
/// works.
bool has_all_as_text(const DriverTraits& traits) {
  return traits.database == Database::sqlite || traits.database == Database::mdbtools;
}

/// MariaDB's driver makes NULL of 0000-00-00 in a bound structure.
/// psqlodbc makes the date of today of dates that it can't read ("infinity", the year 12345) if they are asked for as
/// structures, and zeros if asked for as text.
bool has_times_as_text(const DriverTraits& traits) {
  return traits.times_as_text || traits.database == Database::postgres || has_all_as_text(traits);
}

/// Drivers whose sessions are in UTF-8, and which give text as SQL_C_CHAR as it came: asked for in UTF-16 they convert
/// it, for a good part of the time that reading takes. MariaDB's tells wrong lengths of cut values then, too.
bool has_utf8_bytes(const DriverTraits& traits) {
  return traits.unicode && (traits.driver_name.starts_with("psqlodbcw") || traits.driver_name.starts_with("libmaodbc"));
}

/// Text that is to be read by the input function of the type, or is the value itself.
Rule text_rule(const ColumnFacts& facts, const DriverTraits& traits, TypeKind type,
               const std::optional<std::string>& encoding) {
  Rule rule;
  rule.type = kind(type);
  rule.form = ValueForm::text;
  const bool in_bytes = has_utf8_bytes(traits) || (!is_wide(facts.sql_type) && (encoding || !traits.unicode));
  rule.decode = in_bytes ? Decode::text : Decode::wide_text;
  if (in_bytes && encoding) rule.encoding = *encoding;
  return rule;
}

Rule typed_integer_rule(const ColumnFacts& facts) {
  switch (facts.sql_type) {
    case SQL_TINYINT:
      return datum(Decode::int16, kind(TypeKind::int2));
    case SQL_SMALLINT:
      return facts.is_unsigned ? datum(Decode::int32, kind(TypeKind::int4))
                               : datum(Decode::int16, kind(TypeKind::int2));
    case SQL_INTEGER:
      return facts.is_unsigned ? datum(Decode::int64, kind(TypeKind::int8))
                               : datum(Decode::int32, kind(TypeKind::int4));
    default:
      return facts.is_unsigned ? datum(Decode::decimal_text, kind(TypeKind::numeric, 20, 0))
                               : datum(Decode::int64, kind(TypeKind::int8));
  }
}

Rule integer_rule(const ColumnFacts& facts, const DriverTraits& traits) {
  // Any integer of SQLite's has up to 64 bits.
  if (traits.database == Database::sqlite) return datum(Decode::integer_text, kind(TypeKind::int8));
  // An oid is told as an integer with a sign.
  if (traits.database == Database::postgres && facts.type_name == "oid") {
    return datum(Decode::int64, kind(TypeKind::int8));
  }
  Rule rule = typed_integer_rule(facts);
  if (has_all_as_text(traits) && rule.decode != Decode::decimal_text) rule.decode = Decode::integer_text;
  return rule;
}

/// psqlodbc tells the same numbers of a numeric without a precision as of a numeric(28,6), and others once it has seen
/// values.
Rule decimal_rule(const ColumnFacts& facts, const DriverTraits& traits) {
  const bool is_bound = facts.size >= 1 && facts.size <= max_precision && facts.digits >= 0 &&
                        static_cast<SQLULEN>(facts.digits) <= facts.size && !has_all_as_text(traits) &&
                        traits.database != Database::postgres;
  return datum(Decode::decimal_text, is_bound
                                         ? kind(TypeKind::numeric, static_cast<std::int32_t>(facts.size), facts.digits)
                                         : kind(TypeKind::numeric));
}

/// MariaDB's driver writes no length beside an SQL_C_BIT.
Rule boolean_rule(const DriverTraits& traits) {
  if (has_all_as_text(traits)) return datum(Decode::boolean_text, kind(TypeKind::boolean));
  return datum(traits.database == Database::mysql ? Decode::bits : Decode::boolean, kind(TypeKind::boolean));
}

/// MariaDB's driver puts the values of an array of SQL_C_FLOAT into wrong places.
Rule real_rule(const DriverTraits& traits) {
  if (has_all_as_text(traits)) return datum(Decode::float_text, kind(TypeKind::float8));
  const bool as_double = traits.database == Database::mysql;
  return datum(as_double ? Decode::float4_of_double : Decode::float4, kind(TypeKind::float4));
}

std::int32_t fraction_digits(const ColumnFacts& facts) {
  return static_cast<std::int32_t>(std::clamp<int>(facts.digits, 0, 6));
}

/// The structure of a time has no fraction of a second.
Rule time_rule(const ColumnFacts& facts, const DriverTraits& traits, const std::optional<LogicalType>& wanted) {
  // Who gives no digits may have some nevertheless.
  const std::int32_t digits = has_all_as_text(traits) ? -1 : fraction_digits(facts);
  if (wanted && wanted->kind == TypeKind::interval) {
    return datum(Decode::time_interval_text, kind(TypeKind::interval, digits));
  }
  const bool as_text = facts.digits > 0 || facts.sql_type == sqlserver_time || has_times_as_text(traits);
  return datum(as_text ? Decode::time_text : Decode::time, kind(TypeKind::time, digits));
}

Rule timestamp_rule(const ColumnFacts& facts, const DriverTraits& traits) {
  const std::string name = core::lower_ascii(facts.type_name);
  // The session's time zone is UTC where the database is one of these.
  const bool has_zone = (traits.database == Database::postgres && name == "timestamptz") ||
                        (traits.database == Database::mysql && name == "timestamp") ||
                        (traits.database == Database::oracle && name.find("local time zone") != std::string::npos);
  const std::int32_t digits = has_all_as_text(traits) ? -1 : fraction_digits(facts);
  return datum(has_times_as_text(traits) ? Decode::timestamp_text : Decode::timestamp,
               kind(has_zone ? TypeKind::timestamptz : TypeKind::timestamp, digits));
}

/// MySQL's bit(n) is told as binary with n bits.
Rule binary_rule(const ColumnFacts& facts, const DriverTraits& traits) {
  constexpr SQLULEN most_bits = 64;
  if (traits.database == Database::mysql && facts.type_name == "bit" && facts.size >= 1 && facts.size <= most_bits) {
    return datum(Decode::bits, kind(TypeKind::bit, static_cast<std::int32_t>(facts.size)));
  }
  return datum(Decode::bytes, kind(TypeKind::bytea));
}

/// The driver of mdbtools writes 15 digits of a double as text, and its bytes whatever else it is asked for.
std::optional<Rule> mdbtools_rule(const ColumnFacts& facts, const DriverTraits& traits, std::string_view name,
                                  const std::optional<std::string>& encoding) {
  if (name == "float") return datum(Decode::float4, kind(TypeKind::float4));
  if (name == "double") return datum(Decode::float8, kind(TypeKind::float8));
  if (name == "repid") return text_rule(facts, traits, TypeKind::uuid, encoding);
  if (name == "binary") {
    Rule rule = text_rule(facts, traits, TypeKind::text, encoding);
    rule.unsupported = "the driver ends a value at its first zero byte";
    return rule;
  }
  return std::nullopt;
}

/// What the name of a type tells and its number does not.
std::optional<Rule> rule_of_name(const ColumnFacts& facts, const DriverTraits& traits,
                                 const std::optional<std::string>& encoding) {
  const std::string name = core::lower_ascii(facts.type_name);
  if (traits.database == Database::postgres) {
    if (name == "bool") return datum(Decode::boolean, kind(TypeKind::boolean));
    // As a double, as which the driver describes it, it would not be exact.
    if (name == "money") return datum(Decode::money_text, kind(TypeKind::numeric));
    if (name == "json") return text_rule(facts, traits, TypeKind::json, encoding);
    if (name == "jsonb") return text_rule(facts, traits, TypeKind::jsonb, encoding);
    if (name == "xml") return text_rule(facts, traits, TypeKind::xml, encoding);
  }
  if (has_all_as_text(traits) && (name == "decimal" || name == "numeric")) return decimal_rule(facts, traits);
  if (traits.database == Database::mdbtools) return mdbtools_rule(facts, traits, name, encoding);
  return std::nullopt;
}

Rule rule_of(const ColumnFacts& facts, const DriverTraits& traits, const std::optional<LogicalType>& wanted,
             const std::optional<std::string>& encoding) {
  if (auto rule = rule_of_name(facts, traits, encoding)) return *std::move(rule);
  // Dates that only the other side has can be had as they are written there.
  const bool is_text_wanted = wanted && core::is_text_kind(wanted->kind);
  if (is_text_wanted && is_moment(facts.sql_type) && has_times_as_text(traits)) {
    return text_rule(facts, traits, TypeKind::text, encoding);
  }
  switch (facts.sql_type) {
    case SQL_BIT:
      return boolean_rule(traits);
    case SQL_TINYINT:
    case SQL_SMALLINT:
    case SQL_INTEGER:
    case SQL_BIGINT:
      return integer_rule(facts, traits);
    case SQL_DECIMAL:
    case SQL_NUMERIC:
      return decimal_rule(facts, traits);
    case SQL_REAL:
      return real_rule(traits);
    case SQL_FLOAT:
    case SQL_DOUBLE:
      return datum(has_all_as_text(traits) ? Decode::float_text : Decode::float8, kind(TypeKind::float8));
    case SQL_DATE:  // as drivers of ODBC 2 have it
    case SQL_TYPE_DATE:
      return datum(has_times_as_text(traits) ? Decode::date_text : Decode::date, kind(TypeKind::date, -1));
    case SQL_TIME:
    case SQL_TYPE_TIME:
    case sqlserver_time:
      return time_rule(facts, traits, wanted);
    case SQL_TIMESTAMP:
    case SQL_TYPE_TIMESTAMP:
      return timestamp_rule(facts, traits);
    case sqlserver_timestamp_offset:
      return datum(Decode::offset_timestamp_text, kind(TypeKind::timestamptz, fraction_digits(facts)));
    case SQL_GUID:
      return datum(Decode::uuid, kind(TypeKind::uuid));
    case SQL_BINARY:
    case SQL_VARBINARY:
    case SQL_LONGVARBINARY:
    case sqlserver_user_defined:
      return binary_rule(facts, traits);
    case sqlserver_xml:
      return text_rule(facts, traits, TypeKind::xml, encoding);
    case sqlserver_table: {
      Rule rule = text_rule(facts, traits, TypeKind::text, encoding);
      rule.unsupported = "a table is no value";
      return rule;
    }
    default:
      break;
  }
  if (facts.sql_type >= SQL_INTERVAL_YEAR && facts.sql_type <= SQL_INTERVAL_MINUTE_TO_SECOND) {
    return datum(Decode::interval_text, kind(TypeKind::interval, -1));
  }
  // Lengths are not promised: drivers tell wrong ones. A type that nobody knows is asked for as text, too: the driver
  // says so if it can't convert it.
  return text_rule(facts, traits, TypeKind::text, encoding);
}

/// In the words of the driver, with the numbers that SQL has behind such names.
std::string remote_type(const ColumnFacts& facts) {
  std::string name = facts.type_name.empty() ? "type " + std::to_string(facts.sql_type) : facts.type_name;
  if (name.find('(') != std::string::npos || facts.size == 0) return name;
  switch (facts.sql_type) {
    case SQL_DECIMAL:
    case SQL_NUMERIC:
      return name + '(' + std::to_string(facts.size) + ',' + std::to_string(facts.digits) + ')';
    case SQL_CHAR:
    case SQL_VARCHAR:
    case SQL_WCHAR:
    case SQL_WVARCHAR:
    case SQL_BINARY:
    case SQL_VARBINARY:
      return name + '(' + std::to_string(facts.size) + ')';
    default:
      return name;
  }
}

SQLSMALLINT c_type_of(Decode decode) {
  switch (decode) {
    case Decode::boolean:
      return SQL_C_BIT;
    case Decode::int16:
      return SQL_C_SSHORT;
    case Decode::int32:
      return SQL_C_SLONG;
    case Decode::int64:
      return SQL_C_SBIGINT;
    case Decode::float4:
      return SQL_C_FLOAT;
    case Decode::float8:
    case Decode::float4_of_double:
      return SQL_C_DOUBLE;
    case Decode::date:
      return SQL_C_TYPE_DATE;
    case Decode::time:
      return SQL_C_TYPE_TIME;
    case Decode::timestamp:
      return SQL_C_TYPE_TIMESTAMP;
    case Decode::uuid:
      return SQL_C_GUID;
    case Decode::bytes:
    case Decode::bits:
      return SQL_C_BINARY;
    case Decode::wide_text:
      return SQL_C_WCHAR;
    default:
      return SQL_C_CHAR;
  }
}

std::size_t fixed_bytes_of(Decode decode) {
  switch (decode) {
    case Decode::boolean:
      return sizeof(SQLCHAR);
    case Decode::int16:
      return sizeof(SQLSMALLINT);
    case Decode::int32:
      return sizeof(SQLINTEGER);
    case Decode::int64:
      return sizeof(SQLBIGINT);
    case Decode::float4:
      return sizeof(SQLREAL);
    case Decode::float8:
    case Decode::float4_of_double:
      return sizeof(SQLDOUBLE);
    case Decode::date:
      return sizeof(SQL_DATE_STRUCT);
    case Decode::time:
      return sizeof(SQL_TIME_STRUCT);
    case Decode::timestamp:
      return sizeof(SQL_TIMESTAMP_STRUCT);
    case Decode::uuid:
      return sizeof(SQLGUID);
    default:
      return 0;
  }
}

std::size_t expected_units(const ColumnFacts& facts, Decode decode) {
  constexpr std::size_t number_units = 46, time_units = 46;
  switch (decode) {
    case Decode::bytes:
    case Decode::bits:
    case Decode::text:
    case Decode::wide_text:
      return is_long(facts.sql_type) || facts.size > most_expected_units ? 0 : facts.size;
    case Decode::decimal_text:
      // Sign, point, and a zero before the point.
      return std::clamp<std::size_t>(facts.size + 3, number_units, most_expected_units);
    case Decode::integer_text:
    case Decode::float_text:
    case Decode::boolean_text:
    case Decode::money_text:
      return number_units;
    default:
      return time_units;
  }
}

}  // namespace

core::RemoteColumn describe_column(const ColumnFacts& facts, const DriverTraits& traits,
                                   const std::optional<LogicalType>& wanted,
                                   const std::optional<std::string>& encoding) {
  constexpr SQLSMALLINT kept_digits = 6;
  Rule rule = rule_of(facts, traits, wanted, encoding);
  core::RemoteColumn column;
  column.name = facts.name;
  column.remote_type = remote_type(facts);
  const bool is_time = rule.type.kind == TypeKind::time || rule.type.kind == TypeKind::timestamp ||
                       rule.type.kind == TypeKind::timestamptz;
  column.is_rounded = is_time && facts.digits > kept_digits;
  column.is_comparable = !(rule.decode == Decode::text && encoding);
  column.type = std::move(rule.type);
  column.form = rule.form;
  column.encoding = std::move(rule.encoding);
  column.unsupported_reason = std::move(rule.unsupported);
  return column;
}

Reading reading_of(const ColumnFacts& facts, const DriverTraits& traits, const core::RemoteColumn& described) {
  // What was described is described again by its type and encoding. With "UTF8" both ways are right.
  std::optional<std::string> encoding;
  if (described.encoding != "UTF8") encoding = described.encoding;
  Reading reading;
  reading.decode = rule_of(facts, traits, described.type, encoding).decode;
  reading.c_type = c_type_of(reading.decode);
  reading.fixed_bytes = fixed_bytes_of(reading.decode);
  reading.unit_bytes = reading.c_type == SQL_C_WCHAR ? sizeof(SQLWCHAR) : 1;
  reading.end_bytes = reading.c_type == SQL_C_BINARY ? 0 : reading.unit_bytes;
  if (reading.fixed_bytes == 0) reading.expected_units = expected_units(facts, reading.decode);
  reading.has_empty_without_piece = traits.database == Database::mdbtools;
  return reading;
}

bool may_be_invalid(const ColumnFacts& facts, const DriverTraits& traits, const core::RemoteColumn& described) {
  switch (reading_of(facts, traits, described).decode) {
    case Decode::boolean:
    case Decode::int16:
    case Decode::int32:
    case Decode::int64:
    case Decode::float4:
    case Decode::float8:
    case Decode::float4_of_double:
    case Decode::uuid:
    case Decode::bytes:
      return false;
    default:
      return true;
  }
}

}  // namespace connector::odbc
