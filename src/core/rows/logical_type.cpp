#include "core/rows/logical_type.hpp"

#include <algorithm>

namespace connector::core {

namespace {

std::string with_length(std::string name, std::int32_t length) {
  if (length > 0) name += '(' + std::to_string(length) + ')';
  return name;
}

/// `time(3) without time zone`: the digits stand in the middle. Zero digits are a constraint, -1 is none.
std::string with_digits(std::string name, std::int32_t digits, const char* rest) {
  if (digits >= 0) name += '(' + std::to_string(digits) + ')';
  return name + rest;
}

}  // namespace

// The spelling is that of PostgreSQL's format_type(), so that texts can be compared with the catalog's.
std::string sql_type_name(const LogicalType& type) {
  switch (type.kind) {
    case TypeKind::boolean:
      return "boolean";
    case TypeKind::int2:
      return "smallint";
    case TypeKind::int4:
      return "integer";
    case TypeKind::int8:
      return "bigint";
    case TypeKind::float4:
      return "real";
    case TypeKind::float8:
      return "double precision";
    case TypeKind::numeric:
      if (type.length <= 0) return "numeric";
      return "numeric(" + std::to_string(type.length) + ',' + std::to_string(type.scale) + ')';
    case TypeKind::text:
      return "text";
    case TypeKind::varchar:
      return with_length("character varying", type.length);
    case TypeKind::bpchar:
      // "character" alone would mean character(1).
      return type.length > 0 ? with_length("character", type.length) : "bpchar";
    case TypeKind::bytea:
      return "bytea";
    case TypeKind::date:
      return "date";
    case TypeKind::time:
      return with_digits("time", type.length, " without time zone");
    case TypeKind::timetz:
      return with_digits("time", type.length, " with time zone");
    case TypeKind::timestamp:
      return with_digits("timestamp", type.length, " without time zone");
    case TypeKind::timestamptz:
      return with_digits("timestamp", type.length, " with time zone");
    case TypeKind::interval:
      return with_digits("interval", type.length, "");
    case TypeKind::uuid:
      return "uuid";
    case TypeKind::json:
      return "json";
    case TypeKind::jsonb:
      return "jsonb";
    case TypeKind::xml:
      return "xml";
    case TypeKind::bit:
      // bit alone would mean bit(1); the quoted name has no such default.
      return type.length > 0 ? with_length("bit", type.length) : "\"bit\"";
    case TypeKind::varbit:
      return with_length("bit varying", type.length);
    case TypeKind::geometry:
      return "geometry";
    case TypeKind::geography:
      return "geography";
    case TypeKind::named:
      return type.name;
  }
  return type.name;
}

bool is_text_kind(TypeKind kind) noexcept {
  return kind == TypeKind::text || kind == TypeKind::varchar || kind == TypeKind::bpchar;
}

bool have_common_decimal(const LogicalType& left, const LogicalType& right, std::int32_t most_digits) noexcept {
  if (left.length <= 0 || right.length <= 0) return false;
  const std::int32_t whole = std::max(left.length - left.scale, right.length - right.scale);
  return whole + std::max(left.scale, right.scale) <= most_digits;
}

}  // namespace connector::core
