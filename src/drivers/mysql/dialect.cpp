#include "drivers/mysql/dialect.hpp"

namespace connector::mysql {

std::string quote_identifier(std::string_view name) {
  return core::between_quotes('`', name, '`');
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

namespace {

using core::TypeKind;

bool is_date(TypeKind kind) noexcept {
  return kind == TypeKind::date || kind == TypeKind::timestamp || kind == TypeKind::timestamptz;
}

class MysqlDialect final : public core::Dialect {
 protected:
  std::optional<std::string> compared(const std::string& column, const core::LogicalType& type) const override {
    if (core::is_text_kind(type.kind)) return "CAST(CONVERT(" + column + " USING utf8mb4) AS BINARY)";
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
      default:
        return std::nullopt;
    }
  }

  /// Nothing for infinity, or a year before Christ.
  std::optional<std::string> constant(core::Operator /*comparison*/, const core::LogicalType& type,
                                      std::string_view value) const override {
    if (core::is_text_kind(type.kind)) return "x'" + core::hexadecimal(value) + '\'';
    if (is_date(type.kind)) {
      // The session's time zone is UTC.
      if (value.ends_with("+00")) value.remove_suffix(3);
      if (!core::consists_of(value, "0123456789-:. ")) return std::nullopt;
      return quote_literal(value);
    }
    if (!core::consists_of(value, "0123456789+-.e")) return std::nullopt;
    return std::string(value);
  }

  core::Support comparison_support(core::Operator comparison, const core::LogicalType& type) const override {
    return is_date(type.kind) && comparison != core::Operator::equal ? core::Support::narrowing : core::Support::exact;
  }
};

}  // namespace

const core::Dialect& dialect() noexcept {
  static const MysqlDialect instance;
  return instance;
}

}  // namespace connector::mysql
