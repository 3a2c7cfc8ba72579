#include "drivers/mysql/dialect.hpp"

#include <algorithm>

namespace connector::mysql {

namespace {

bool consists_of(std::string_view text, std::string_view characters) {
  return !text.empty() && text.find_first_not_of(characters) == std::string_view::npos;
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "x'";
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text + '\'';
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
  return quote_identifier(schema) + '.' + quote_identifier(table);
}

std::string quote_literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\0') {
      quoted += "\\0";
      continue;
    }
    if (c == '\'' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted += '\'';
}

std::optional<std::string> cursor_order(const std::string& column, const core::LogicalType& type) {
  using core::TypeKind;
  switch (type.kind) {
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
    case TypeKind::numeric:
    case TypeKind::float4:
    case TypeKind::float8:
    case TypeKind::date:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
      return column;
    case TypeKind::text:
    case TypeKind::varchar:
    case TypeKind::bpchar:
      return "CAST(CONVERT(" + column + " USING utf8mb4) AS BINARY)";
    default:
      return std::nullopt;
  }
}

std::optional<std::string> cursor_literal(const core::LogicalType& type, std::string_view value) {
  using core::TypeKind;
  switch (type.kind) {
    case TypeKind::text:
    case TypeKind::varchar:
    case TypeKind::bpchar:
      return hexadecimal(value);
    case TypeKind::date:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
      // The session's time zone is UTC.
      if (value.ends_with("+00")) value.remove_suffix(3);
      if (!consists_of(value, "0123456789-:. ")) return std::nullopt;
      return quote_literal(value);
    default:
      if (!consists_of(value, "0123456789+-.e")) return std::nullopt;
      return std::string(value);
  }
}

}  // namespace connector::mysql
