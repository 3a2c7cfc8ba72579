#include "drivers/mysql/types.hpp"

#include <algorithm>

#include <mysql.h>

#include "core/base/error.hpp"

namespace connector::mysql {

namespace {

using core::LogicalType;
using core::TypeKind;
using core::ValueForm;

constexpr int type_vector = 242;  // MYSQL_TYPE_VECTOR of MySQL 9.0; libmariadb has no name for it

/// PostgreSQL's limit for varchar(n).
constexpr unsigned long max_varchar = 10485760;

ColumnRule datum(Decode decode, LogicalType type, std::string remote_type) {
  ColumnRule rule;
  rule.decode = decode;
  rule.type = std::move(type);
  rule.remote_type = std::move(remote_type);
  return rule;
}

LogicalType kind(TypeKind kind, std::int32_t length = 0, std::int32_t scale = 0) {
  LogicalType type;
  type.kind = kind;
  type.length = length;
  type.scale = scale;
  return type;
}

std::string in_brackets(unsigned long n) {
  return '(' + std::to_string(n) + ')';
}

ColumnRule integer_rule(const FieldFacts& field) {
  const bool is_unsigned = (field.flags & UNSIGNED_FLAG) != 0;
  const std::string suffix = is_unsigned ? " unsigned" : "";
  switch (field.type) {
    case MYSQL_TYPE_TINY:
      return datum(is_unsigned ? Decode::uint8 : Decode::int8, kind(TypeKind::int2), "tinyint" + suffix);
    case MYSQL_TYPE_SHORT:
      return is_unsigned ? datum(Decode::uint16, kind(TypeKind::int4), "smallint unsigned")
                         : datum(Decode::int16, kind(TypeKind::int2), "smallint");
    case MYSQL_TYPE_INT24:  // four bytes on the wire; unsigned ones fit an int4 too
      return datum(Decode::int32, kind(TypeKind::int4), "mediumint" + suffix);
    case MYSQL_TYPE_LONG:
      return is_unsigned ? datum(Decode::uint32, kind(TypeKind::int8), "int unsigned")
                         : datum(Decode::int32, kind(TypeKind::int4), "int");
    default:
      return is_unsigned ? datum(Decode::uint64, kind(TypeKind::numeric, 20, 0), "bigint unsigned")
                         : datum(Decode::int64, kind(TypeKind::int8), "bigint");
  }
}

/// `length` counts the digits, the point and the place for a sign.
ColumnRule decimal_rule(const FieldFacts& field) {
  const long scale = field.decimals;
  const long precision =
      static_cast<long>(field.length) - (scale > 0 ? 1 : 0) - ((field.flags & UNSIGNED_FLAG) != 0 ? 0 : 1);
  LogicalType type = kind(TypeKind::numeric);
  std::string remote_type = "decimal";
  if (precision >= 1 && precision <= 65 && scale <= precision) {
    type.length = static_cast<std::int32_t>(precision);
    type.scale = static_cast<std::int32_t>(scale);
    remote_type += '(' + std::to_string(precision) + ',' + std::to_string(scale) + ')';
  }
  if ((field.flags & UNSIGNED_FLAG) != 0) remote_type += " unsigned";
  return datum(Decode::decimal, std::move(type), std::move(remote_type));
}

/// float(10,2), and what expressions make of such columns: `decimals` of others is 31.
ColumnRule float_rule(const FieldFacts& field) {
  constexpr unsigned any_decimals = 31;
  const bool is_float = field.type == MYSQL_TYPE_FLOAT;
  std::string remote_type = is_float ? "float" : "double";
  if (field.decimals < any_decimals) {
    remote_type += '(' + std::to_string(field.length) + ',' + std::to_string(field.decimals) + ')';
  }
  return datum(is_float ? Decode::float4 : Decode::float8, kind(is_float ? TypeKind::float4 : TypeKind::float8),
               std::move(remote_type));
}

/// A type whose input function reads the text, which is ASCII or Unicode whatever the column's character set.
ColumnRule parsed_text(LogicalType type, std::string remote_type) {
  ColumnRule rule = datum(Decode::text, std::move(type), std::move(remote_type));
  rule.form = ValueForm::text;
  return rule;
}

/// Date and time types; `decimals` beyond 6 means "not fixed".
ColumnRule temporal_rule(const FieldFacts& field, const std::optional<LogicalType>& wanted) {
  const std::int32_t digits = field.decimals <= 6 ? static_cast<std::int32_t>(field.decimals) : -1;
  const std::string suffix = digits > 0 ? in_brackets(field.decimals) : "";
  switch (field.type) {
    case MYSQL_TYPE_DATETIME:
      return datum(Decode::datetime, kind(TypeKind::timestamp, digits), "datetime" + suffix);
    case MYSQL_TYPE_TIMESTAMP:
      return datum(Decode::datetime, kind(TypeKind::timestamptz, digits), "timestamp" + suffix);
    case MYSQL_TYPE_TIME:
      if (wanted && wanted->kind == TypeKind::interval) {
        return datum(Decode::time_interval, kind(TypeKind::interval, digits), "time" + suffix);
      }
      if (wanted && core::is_text_kind(wanted->kind)) {
        ColumnRule rule = parsed_text(kind(TypeKind::text), "time" + suffix);
        rule.decode = Decode::time_text;
        rule.digits = std::max(digits, 0);
        return rule;
      }
      return datum(Decode::time, kind(TypeKind::time, digits), "time" + suffix);
    default:
      return datum(Decode::date, kind(TypeKind::date, -1), "date");
  }
}

/// The metadata of COALESCE(b), of MAX(b) and so on say bit, too, but servers send the digits of a number for some of
/// them, and the bits for others, differently from version to version; and MySQL 5.6 multiplies the length in a UNION.
ColumnRule bit_rule(const FieldFacts& field) {
  constexpr unsigned long most = 64;
  const unsigned long bits = field.length >= 1 && field.length <= most ? field.length : most;
  const bool is_one = bits == 1;
  Decode decode = is_one ? Decode::boolean : Decode::bits;
  if (!field.is_table_column) decode = Decode::expression_bits;
  return datum(decode, is_one ? kind(TypeKind::boolean) : kind(TypeKind::bit, static_cast<std::int32_t>(bits)),
               "bit" + in_brackets(bits));
}

LogicalType named(const char* name) {
  LogicalType type = kind(TypeKind::named);
  type.name = name;
  return type;
}

bool is_blob(int type) {
  return type == MYSQL_TYPE_TINY_BLOB || type == MYSQL_TYPE_MEDIUM_BLOB || type == MYSQL_TYPE_LONG_BLOB ||
         type == MYSQL_TYPE_BLOB;
}

/// jsonb rewrites a document, drops members of equal names and refuses \u0000: who asks for json or a text gets the
/// text as it is.
LogicalType json_type(const std::optional<LogicalType>& wanted) {
  if (!wanted) return kind(TypeKind::jsonb);
  if (wanted->kind == TypeKind::json || core::is_text_kind(wanted->kind)) {
    return kind(wanted->kind == TypeKind::json ? TypeKind::json : TypeKind::text);
  }
  return kind(TypeKind::jsonb);
}

/// CHAR's padding is stripped by the server, so varchar is the type that keeps it equal. varchar(n) is promised only
/// where the server keeps the promise: for columns of tables, not for expressions.
ColumnRule text_rule(const FieldFacts& field, const TextReading& reading, bool is_json,
                     const std::optional<LogicalType>& wanted) {
  const Charset charset = charset_of_collation(field.collation, reading);
  if (reading.encoding && charset.name.empty()) {
    throw core::Error(core::ErrorNumber::encoding,
                      "the server does not tell the character set of collation " + std::to_string(field.collation),
                      "Provider mysql, phase describe.", "Leave out \"encoding\": the server converts the text then.");
  }
  ColumnRule rule;
  rule.form = ValueForm::text;
  rule.text = text_arrival(charset, reading.encoding);
  rule.decode = rule.text.wide == WideForm::none ? Decode::text : Decode::wide_text;
  rule.type = kind(TypeKind::text);
  if (is_json) {
    rule.type = json_type(wanted);
    rule.remote_type = "json";
    return rule;
  }
  const bool is_choice =
      (field.flags & (ENUM_FLAG | SET_FLAG)) != 0 || field.type == MYSQL_TYPE_ENUM || field.type == MYSQL_TYPE_SET;
  if (is_choice) {
    const bool is_set = (field.flags & SET_FLAG) != 0 || field.type == MYSQL_TYPE_SET;
    rule.remote_type = is_set ? "set" : "enum";
    return rule;
  }
  if (is_blob(field.type)) {
    rule.remote_type = "text";
    return rule;
  }
  const unsigned long declared = charset.max_bytes == 0 ? 0 : field.length / charset.max_bytes;
  rule.remote_type = field.type == MYSQL_TYPE_STRING ? "char" : "varchar";
  if (declared > 0) rule.remote_type += in_brackets(declared);
  const unsigned long characters = max_characters(field.length, charset, rule.text);
  if (field.is_table_column && characters > 0 && characters <= max_varchar) {
    rule.type = kind(TypeKind::varchar, static_cast<std::int32_t>(characters));
  }
  return rule;
}

ColumnRule string_rule(const FieldFacts& field, bool is_json, const TextReading& reading,
                       const std::optional<LogicalType>& wanted) {
  // MariaDB's plug-in types are strings to the protocol, with the name beside.
  if (field.data_type_name == "uuid") return parsed_text(kind(TypeKind::uuid), "uuid");
  if (field.data_type_name == "inet4" || field.data_type_name == "inet6") {
    // As a text of PostgreSQL's it would have a netmask.
    const bool as_text = wanted && core::is_text_kind(wanted->kind);
    return parsed_text(as_text ? kind(TypeKind::text) : named("inet"), field.data_type_name);
  }
  if (field.collation == binary_collation) {
    return datum(Decode::bytes, kind(TypeKind::bytea), is_blob(field.type) ? "blob" : "varbinary");
  }
  return text_rule(field, reading, is_json || field.format_name == "json", wanted);
}

/// Digits behind the point of seconds; negative = not fixed.
bool holds_digits(std::int32_t described, std::int32_t wire) noexcept {
  return described < 0 || (wire >= 0 && wire <= described);
}

/// Of two types of the same kind.
bool holds(const LogicalType& described, const LogicalType& wire) noexcept {
  switch (described.kind) {
    case TypeKind::varchar:
      return wire.length <= described.length;
    case TypeKind::bit:
      return wire.length == described.length;
    case TypeKind::numeric:
      if (described.length == 0) return true;
      return wire.length > 0 && wire.scale <= described.scale &&
             wire.length - wire.scale <= described.length - described.scale;
    case TypeKind::time:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
    case TypeKind::interval:
      return holds_digits(described.length, wire.length);
    default:
      return true;
  }
}

}  // namespace

bool is_tinyint1(const FieldFacts& field) noexcept {
  return field.type == MYSQL_TYPE_TINY && field.length == 1;
}

void read_as_boolean(ColumnRule& rule) {
  rule.is_truth = true;
  rule.type = kind(TypeKind::boolean);
  rule.remote_type.insert(std::string_view("tinyint").size(), "(1)");
}

bool is_integer(Decode decode) noexcept {
  return decode >= Decode::int8 && decode <= Decode::uint64;
}

bool is_bits(Decode decode) noexcept {
  return decode == Decode::boolean || decode == Decode::bits || decode == Decode::expression_bits;
}

ColumnRule column_rule(const FieldFacts& field, bool is_json, const TextReading& reading,
                       const std::optional<LogicalType>& wanted) {
  switch (field.type) {
    case MYSQL_TYPE_TINY:
    case MYSQL_TYPE_SHORT:
    case MYSQL_TYPE_INT24:
    case MYSQL_TYPE_LONG:
    case MYSQL_TYPE_LONGLONG:
      return integer_rule(field);
    case MYSQL_TYPE_YEAR:
      return datum(Decode::uint16, kind(TypeKind::int2), "year");
    case MYSQL_TYPE_FLOAT:
    case MYSQL_TYPE_DOUBLE:
      return float_rule(field);
    case MYSQL_TYPE_DECIMAL:
    case MYSQL_TYPE_NEWDECIMAL:
      return decimal_rule(field);
    case MYSQL_TYPE_DATE:
    case MYSQL_TYPE_NEWDATE:
    case MYSQL_TYPE_DATETIME:
    case MYSQL_TYPE_TIMESTAMP:
    case MYSQL_TYPE_TIME:
      return temporal_rule(field, wanted);
    case MYSQL_TYPE_BIT:
      return bit_rule(field);
    case MYSQL_TYPE_NULL: {
      ColumnRule rule = parsed_text(kind(TypeKind::text), "null");
      rule.decode = Decode::null;
      return rule;
    }
    case MYSQL_TYPE_JSON:
      return parsed_text(json_type(wanted), "json");
    case MYSQL_TYPE_GEOMETRY: {
      ColumnRule rule = datum(Decode::geometry, kind(TypeKind::geometry),
                              field.data_type_name.empty() ? "geometry" : field.data_type_name);
      rule.form = ValueForm::receive;
      return rule;
    }
    case type_vector:
      return datum(Decode::bytes, kind(TypeKind::bytea), "vector");
    default:
      return string_rule(field, is_json, reading, wanted);
  }
}

bool can_be_invalid(const ColumnRule& rule, bool is_of_table) noexcept {
  switch (rule.decode) {
    case Decode::date:
    case Decode::datetime:
    case Decode::time:
    case Decode::text:
    case Decode::wide_text:
    case Decode::geometry:
    case Decode::expression_bits:
      return true;
    default:
      return is_integer(rule.decode) && !is_of_table;
  }
}

bool can_store(const ColumnRule& described, const ColumnRule& wire) noexcept {
  // MySQL 8 and 9 call some integers, year() for one, differently in the metadata of PREPARE and of EXECUTE. The
  // decoder checks their range.
  if (is_integer(described.decode) && is_integer(wire.decode)) return true;
  const bool is_same = described.decode == wire.decode || (is_bits(described.decode) && is_bits(wire.decode));
  return is_same && described.text.encoding == wire.text.encoding && described.text.wide == wire.text.wide &&
         described.type.kind == wire.type.kind && holds(described.type, wire.type);
}

}  // namespace connector::mysql
