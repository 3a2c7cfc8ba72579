#include "drivers/hive/dialect.hpp"

namespace connector::hive {

namespace {

bool consists_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  std::string quoted = "`";
  for (const char c : name) {
    if (c == '`') quoted += '`';
    quoted += c;
  }
  return quoted += '`';
}

std::string quote_table(std::string_view schema, std::string_view table) {
  return schema.empty() ? quote_identifier(table) : quote_identifier(schema) + '.' + quote_identifier(table);
}

std::string escape_pattern(std::string_view name) {
  std::string pattern;
  for (const char c : name) {
    if (c == '_' || c == '%' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern;
}

std::optional<std::string> cursor_order(const std::string& column, const core::LogicalType& type) {
  using core::TypeKind;
  switch (type.kind) {
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
    case TypeKind::numeric:
    case TypeKind::date:
    case TypeKind::timestamp:
      return column;
    default:  // floats have NaN, which Hive orders otherwise; texts may be compared with trailing blanks or without
      return std::nullopt;
  }
}

std::optional<std::string> cursor_literal(const core::LogicalType& type, std::string_view value) {
  using core::TypeKind;
  switch (type.kind) {
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
      // The suffix L alone makes the lowest value of all no literal.
      if (!consists_of(value, "-0123456789")) return std::nullopt;
      return "CAST('" + std::string(value) + "' AS BIGINT)";
    case TypeKind::numeric:
      if (!consists_of(value, "-.0123456789")) return std::nullopt;
      return "CAST('" + std::string(value) + "' AS DECIMAL(38," + std::to_string(type.scale) + "))";
    case TypeKind::date:
      if (!consists_of(value, "-0123456789")) return std::nullopt;
      return "CAST('" + std::string(value) + "' AS DATE)";
    case TypeKind::timestamp:
      if (!consists_of(value, "-.: 0123456789")) return std::nullopt;
      return "CAST('" + std::string(value) + "' AS TIMESTAMP)";
    default:
      return std::nullopt;
  }
}

}  // namespace connector::hive
