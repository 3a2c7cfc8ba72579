#include "drivers/hive/types.hpp"

namespace connector::hive {

namespace {

using core::LogicalType;
using core::TypeKind;
using core::ValueForm;

/// TTypeId of Hive's service-rpc/if/TCLIService.thrift.
enum TypeId {
  boolean_type = 0,
  tinyint_type = 1,
  smallint_type = 2,
  int_type = 3,
  bigint_type = 4,
  float_type = 5,
  double_type = 6,
  string_type = 7,
  timestamp_type = 8,
  binary_type = 9,
  array_type = 10,
  map_type = 11,
  struct_type = 12,
  union_type = 13,
  user_defined_type = 14,
  decimal_type = 15,
  null_type = 16,
  date_type = 17,
  varchar_type = 18,
  char_type = 19,
  interval_year_month_type = 20,
  interval_day_time_type = 21,
  timestamplocaltz_type = 22,
};

constexpr int max_precision = 38;
constexpr int max_characters = 65535;

/// Names of qualifiers: TCLIServiceConstants of the same file.
int qualifier(const rpc::PrimitiveTypeEntry& entry, const std::string& name) {
  if (!entry.__isset.typeQualifiers) return -1;
  const auto found = entry.typeQualifiers.qualifiers.find(name);
  if (found == entry.typeQualifiers.qualifiers.end() || !found->second.__isset.i32Value) return -1;
  return found->second.i32Value;
}

ColumnRule simple(Decode decode, TypeKind kind, std::string remote_type, ValueForm form = ValueForm::datum) {
  return {decode, {.kind = kind}, form, std::move(remote_type)};
}

ColumnRule text_rule(std::string remote_type) {
  return simple(Decode::text, TypeKind::text, std::move(remote_type), ValueForm::text);
}

ColumnRule decimal_rule(const rpc::PrimitiveTypeEntry& entry) {
  const int precision = qualifier(entry, "precision");
  const int scale = qualifier(entry, "scale");
  ColumnRule rule = simple(Decode::decimal, TypeKind::numeric, "decimal");
  // Before 0.13 a decimal had neither.
  if (precision < 1 || precision > max_precision || scale < 0 || scale > precision) return rule;
  rule.type.length = precision;
  rule.type.scale = scale;
  rule.remote_type += '(' + std::to_string(precision) + ',' + std::to_string(scale) + ')';
  return rule;
}

ColumnRule character_rule(const rpc::PrimitiveTypeEntry& entry, TypeKind kind, std::string remote_type) {
  const int length = qualifier(entry, "characterMaximumLength");
  if (length < 1 || length > max_characters) return text_rule(std::move(remote_type));
  ColumnRule rule = simple(Decode::text, kind, remote_type + '(' + std::to_string(length) + ')', ValueForm::text);
  rule.type.length = length;
  return rule;
}

/// Arrays, maps, structs and unions come as text, most of which is JSON.
ColumnRule nested_rule(std::string remote_type, const std::optional<LogicalType>& wanted) {
  if (wanted && core::is_text_kind(wanted->kind)) return text_rule(std::move(remote_type));
  return simple(Decode::json, TypeKind::jsonb, std::move(remote_type), ValueForm::text);
}

ColumnRule timestamp_rule() {
  ColumnRule rule = simple(Decode::timestamp, TypeKind::timestamp, "timestamp");
  rule.type.length = -1;
  return rule;
}

ColumnRule zoned_rule() {
  ColumnRule rule =
      simple(Decode::zoned_timestamp, TypeKind::timestamptz, "timestamp with local time zone", ValueForm::text);
  rule.type.length = -1;
  return rule;
}

ColumnRule interval_rule(Decode decode, std::string remote_type) {
  ColumnRule rule = simple(decode, TypeKind::interval, std::move(remote_type));
  rule.type.length = -1;
  return rule;
}

ColumnRule primitive_rule(const rpc::PrimitiveTypeEntry& entry, const std::optional<LogicalType>& wanted) {
  switch (entry.type) {
    case boolean_type:
      return simple(Decode::boolean, TypeKind::boolean, "boolean");
    case tinyint_type:
      return simple(Decode::integer, TypeKind::int2, "tinyint");
    case smallint_type:
      return simple(Decode::integer, TypeKind::int2, "smallint");
    case int_type:
      return simple(Decode::integer, TypeKind::int4, "int");
    case bigint_type:
      return simple(Decode::integer, TypeKind::int8, "bigint");
    case float_type:
      return simple(Decode::float4, TypeKind::float4, "float");
    case double_type:
      return simple(Decode::float8, TypeKind::float8, "double");
    case decimal_type:
      return decimal_rule(entry);
    case string_type:
      return text_rule("string");
    case varchar_type:
      return character_rule(entry, TypeKind::varchar, "varchar");
    case char_type:
      return character_rule(entry, TypeKind::bpchar, "char");
    case binary_type:
      return simple(Decode::bytes, TypeKind::bytea, "binary");
    case date_type:
      return simple(Decode::date, TypeKind::date, "date");
    case timestamp_type:
      return timestamp_rule();
    case timestamplocaltz_type:
      return zoned_rule();
    case interval_year_month_type:
      return interval_rule(Decode::months_interval, "interval year to month");
    case interval_day_time_type:
      return interval_rule(Decode::days_interval, "interval day to second");
    case array_type:
      return nested_rule("array", wanted);
    case map_type:
      return nested_rule("map", wanted);
    case struct_type:
      return nested_rule("struct", wanted);
    case union_type:
      return nested_rule("uniontype", wanted);
    case null_type:
      return text_rule("void");
    default:
      return text_rule("type " + std::to_string(entry.type));
  }
}

}  // namespace

ColumnRule column_rule(const rpc::TypeDesc& type, const std::optional<LogicalType>& wanted) {
  if (type.types.empty()) return text_rule("unknown");
  const rpc::TypeEntry& entry = type.types[0];
  if (entry.__isset.primitiveEntry) return primitive_rule(entry.primitiveEntry, wanted);
  if (entry.__isset.arrayEntry) return nested_rule("array", wanted);
  if (entry.__isset.mapEntry) return nested_rule("map", wanted);
  if (entry.__isset.structEntry) return nested_rule("struct", wanted);
  if (entry.__isset.unionEntry) return nested_rule("uniontype", wanted);
  return text_rule("user-defined type");
}

bool may_be_invalid(Decode decode) noexcept {
  switch (decode) {
    case Decode::boolean:
    case Decode::integer:
    case Decode::float4:
    case Decode::float8:
    case Decode::bytes:
      return false;
    default:
      return true;
  }
}

bool can_decode(Decode decode, WireKind kind) noexcept {
  switch (decode) {
    case Decode::boolean:
      return kind == WireKind::boolean;
    case Decode::integer:
      return kind >= WireKind::int8 && kind <= WireKind::int64;
    case Decode::float4:
    case Decode::float8:
      return kind == WireKind::float64;
    default:
      return kind == WireKind::string || kind == WireKind::binary;
  }
}

}  // namespace connector::hive
