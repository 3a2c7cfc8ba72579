#include "drivers/postgres/dialect.hpp"

#include <algorithm>

#include "core/remote/source.hpp"

namespace connector::postgres {

namespace {

bool is_space(char c) noexcept {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool starts_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool continues_word(char c) noexcept {
  return starts_word(c) || (c >= '0' && c <= '9') || c == '$';
}

/// The position behind `what`, found from `at` on, or the end.
std::size_t behind(std::string_view sql, std::string_view what, std::size_t at) noexcept {
  const auto found = sql.find(what, at);
  return found == std::string_view::npos ? sql.size() : found + what.size();
}

/// Behind a comment `/* … */`; such comments nest.
std::size_t behind_comment(std::string_view sql, std::size_t at) noexcept {
  int depth = 0;
  while (at < sql.size()) {
    const std::string_view two = sql.substr(at, 2);
    if (two == "/*") {
      ++depth;
      at += 2;
    } else if (two == "*/") {
      at += 2;
      if (--depth == 0) return at;
    } else {
      ++at;
    }
  }
  return at;
}

/// Behind quoted text that begins at `at`; a doubled quote is one inside, and so looks like two texts in a row.
std::size_t behind_quotes(std::string_view sql, std::size_t at, bool backslashes) noexcept {
  const char quote = sql[at];
  for (++at; at < sql.size(); ++at) {
    if (sql[at] == quote) return at + 1;
    if (backslashes && sql[at] == '\\') ++at;
  }
  return sql.size();
}

/// Behind `$tag$ … $tag$`, or behind the `$` if it begins nothing such.
std::size_t behind_dollars(std::string_view sql, std::size_t at) noexcept {
  std::size_t end = at + 1;
  if (end < sql.size() && starts_word(sql[end])) {
    while (end < sql.size() && continues_word(sql[end]) && sql[end] != '$') ++end;
  }
  if (end >= sql.size() || sql[end] != '$') return at + 1;
  return behind(sql, sql.substr(at, end + 1 - at), end + 1);
}

/// Behind the token at `at`, where words, texts, comments and single characters are tokens.
std::size_t behind_token(std::string_view sql, std::size_t at) noexcept {
  const std::string_view two = sql.substr(at, 2);
  if (two == "--") return behind(sql, "\n", at);
  if (two == "/*") return behind_comment(sql, at);
  if (sql[at] == '\'' || sql[at] == '"') return behind_quotes(sql, at, false);
  if (sql[at] == '$') return behind_dollars(sql, at);
  if (!starts_word(sql[at])) return at + 1;
  std::size_t end = at;
  while (end < sql.size() && continues_word(sql[end])) ++end;
  const bool is_escape = end - at == 1 && (sql[at] == 'e' || sql[at] == 'E');
  return is_escape && end < sql.size() && sql[end] == '\'' ? behind_quotes(sql, end, true) : end;
}

/// The types whose values PostgreSQL orders alike everywhere.
std::string_view builtin_name(core::TypeKind kind) noexcept {
  using core::TypeKind;
  switch (kind) {
    case TypeKind::int2:
      return "int2";
    case TypeKind::int4:
      return "int4";
    case TypeKind::int8:
      return "int8";
    case TypeKind::numeric:
      return "numeric";
    case TypeKind::float4:  // the value has all digits of the single one
    case TypeKind::float8:
      return "float8";
    case TypeKind::date:
      return "date";
    case TypeKind::timestamp:
      return "timestamp";
    case TypeKind::timestamptz:
      return "timestamptz";
    case TypeKind::uuid:
      return "uuid";
    default:
      return {};
  }
}

}  // namespace

std::string quote_identifier(std::string_view name) {
  return core::between_quotes('"', name, '"');
}

std::string quote_table(std::string_view schema, std::string_view table) {
  return quote_identifier(schema) + '.' + quote_identifier(table);
}

std::string quote_literal(std::string_view text) {
  std::string quoted = text.find('\\') == std::string_view::npos ? "'" : "E'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') quoted += c;
    quoted += c;
  }
  return quoted += '\'';
}

std::string_view first_statement(std::string_view sql) noexcept {
  int depth = 0;
  for (std::size_t at = 0; at < sql.size(); at = behind_token(sql, at)) {
    if (sql[at] == '(') ++depth;
    if (sql[at] == ')') --depth;
    if (sql[at] == ';' && depth <= 0) return sql.substr(0, at);
  }
  return sql;
}

bool is_copyable(std::string_view sql) noexcept {
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t end = std::min(behind_token(sql, at), sql.size());
    const std::string_view token = sql.substr(at, end - at);
    const bool is_nothing = is_space(token[0]) || token[0] == '(' || token.starts_with("--") || token.starts_with("/*");
    if (!is_nothing) {
      const auto is = [token](std::string_view word) {
        return std::equal(token.begin(), token.end(), word.begin(), word.end(),
                          [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; });
      };
      return is("select") || is("with") || is("values") || is("table");
    }
    at = end;
  }
  return false;
}

namespace {

using core::Support;

constexpr core::TypeRule type_rules[] = {
    {.types = "char, varchar, text",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true,
     .remark = "compared as bytes of UTF-8"},
    {.types = "smallint, integer, bigint, numeric, real, double precision, date, timestamp, timestamptz, uuid",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true},
};

class PostgresDialect final : public core::Dialect {
 public:
  std::span<const core::TypeRule> rules() const noexcept override { return type_rules; }

 protected:
  const core::TypeRule* rule_of(const core::RemoteColumn& column) const override {
    if (core::is_text_kind(column.type.kind)) return &type_rules[0];
    return builtin_name(column.type.kind).empty() ? nullptr : &type_rules[1];
  }

  std::string compared(const std::string& column, const core::RemoteColumn& described) const override {
    if (!core::is_text_kind(described.type.kind)) return column;
    return "pg_catalog.convert_to(" + column + "::pg_catalog.text, 'UTF8')";
  }

  std::optional<std::string> constant(core::Operator /*comparison*/, const core::RemoteColumn& column,
                                      std::string_view value) const override {
    if (core::is_text_kind(column.type.kind)) return "pg_catalog.decode('" + core::hexadecimal(value) + "', 'hex')";
    return quote_literal(value) + "::pg_catalog." + std::string(builtin_name(column.type.kind));
  }

  /// The remote role's search_path may lead to other operators.
  std::string_view operator_sql(core::Operator comparison) const override {
    switch (comparison) {
      case core::Operator::equal:
        return "OPERATOR(pg_catalog.=)";
      case core::Operator::not_equal:
        return "OPERATOR(pg_catalog.<>)";
      case core::Operator::less:
        return "OPERATOR(pg_catalog.<)";
      case core::Operator::less_or_equal:
        return "OPERATOR(pg_catalog.<=)";
      case core::Operator::greater:
        return "OPERATOR(pg_catalog.>)";
      case core::Operator::greater_or_equal:
        return "OPERATOR(pg_catalog.>=)";
      default:
        return core::Dialect::operator_sql(comparison);
    }
  }
};

}  // namespace

const core::Dialect& dialect() noexcept {
  static const PostgresDialect instance;
  return instance;
}

}  // namespace connector::postgres
