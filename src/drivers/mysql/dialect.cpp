#include "drivers/mysql/dialect.hpp"

#include "core/remote/source.hpp"

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

using core::Support;

constexpr core::TypeRule type_rules[] = {
    {.types = "char, varchar, text, enum, set",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "compared as bytes of utf8mb4"},
    {.types = "tinyint, smallint, mediumint, int, bigint, decimal, float, double",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true},
    {.types = "date, datetime, timestamp", .equality = Support::exact, .range = Support::narrowing, .sorts = true},
};

class MysqlDialect final : public core::Dialect {
 public:
  std::span<const core::TypeRule> rules() const noexcept override { return type_rules; }

 protected:
  const core::TypeRule* rule_of(const core::RemoteColumn& column) const override {
    if (core::is_text_kind(column.type.kind)) return &type_rules[0];
    switch (column.type.kind) {
      case TypeKind::int2:
      case TypeKind::int4:
      case TypeKind::int8:
      case TypeKind::numeric:
      case TypeKind::float4:
      case TypeKind::float8:
        return &type_rules[1];
      default:
        return is_date(column.type.kind) ? &type_rules[2] : nullptr;
    }
  }

  std::string compared(const std::string& column, const core::RemoteColumn& described) const override {
    if (!core::is_text_kind(described.type.kind)) return column;
    return "CAST(CONVERT(" + column + " USING utf8mb4) AS BINARY)";
  }

  /// Nothing for infinity, or a year before Christ.
  std::optional<std::string> constant(core::Operator /*comparison*/, const core::RemoteColumn& column,
                                      std::string_view value) const override {
    if (core::is_text_kind(column.type.kind)) return "x'" + core::hexadecimal(value) + '\'';
    if (is_date(column.type.kind)) {
      // The session's time zone is UTC.
      if (value.ends_with("+00")) value.remove_suffix(3);
      if (!core::consists_of(value, "0123456789-:. ")) return std::nullopt;
      return quote_literal(value);
    }
    if (!core::consists_of(value, "0123456789+-.e")) return std::nullopt;
    return std::string(value);
  }

  std::string ordered(const std::string& column, const core::RemoteColumn& described,
                      const core::OrderBy& order) const override {
    // NULL is the smallest value there.
    const bool nulls_first = order.nulls == core::Nulls::first;
    const bool as_it_is = described.not_null || order.nulls == core::Nulls::wherever || nulls_first != order.descending;
    const std::string item = column + (order.descending ? " DESC" : "");
    return as_it_is ? item : column + (nulls_first ? " IS NOT NULL, " : " IS NULL, ") + item;
  }
};

}  // namespace

const core::Dialect& dialect() noexcept {
  static const MysqlDialect instance;
  return instance;
}

}  // namespace connector::mysql
