#include "drivers/hive/dialect.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "core/remote/source.hpp"
#include "drivers/hive/values.hpp"

namespace connector::hive {

namespace {

/// Behind a comment that begins at `at`, or `at` if none does. The line of `-- …` may be the last one.
std::size_t behind_comment(std::string_view sql, std::size_t at) noexcept {
  const std::string_view two = sql.substr(at, 2);
  if (two != "--" && two != "/*") return at;
  const std::string_view end = two == "--" ? "\n" : "*/";
  const std::size_t found = sql.find(end, at + 2);
  return found == std::string_view::npos ? sql.size() : found + end.size();
}

/// Behind quoted text that begins at `at`. Backslashes escape, except in names.
std::size_t behind_quotes(std::string_view sql, std::size_t at) noexcept {
  const char quote = sql[at];
  for (++at; at < sql.size(); ++at) {
    if (sql[at] == quote) return at + 1;
    if (quote != '`' && sql[at] == '\\') ++at;
  }
  return sql.size();
}

/// True if there are only blanks and comments from `at` on.
bool is_blank_from(std::string_view sql, std::size_t at) noexcept {
  while (at < sql.size()) {
    const std::size_t behind = behind_comment(sql, at);
    if (behind == at && std::string_view(" \t\r\n\f").find(sql[at]) == std::string_view::npos) return false;
    at = std::max(behind, at + 1);
  }
  return true;
}

}  // namespace

std::string_view without_terminator(std::string_view sql) noexcept {
  for (std::size_t at = 0; at < sql.size();) {
    const std::size_t behind = behind_comment(sql, at);
    if (behind > at) {
      at = behind;
    } else if (sql[at] == '\'' || sql[at] == '"' || sql[at] == '`') {
      at = behind_quotes(sql, at);
    } else if (sql[at] == ';' && is_blank_from(sql, at + 1)) {
      return sql.substr(0, at);
    } else {
      ++at;
    }
  }
  return sql;
}

std::string quote_identifier(std::string_view name) {
  return core::between_quotes('`', name, '`');
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

namespace {

/// The first of the timestamps that are read as this one: nanoseconds are rounded to microseconds, up from a half.
std::optional<std::string> timestamp_literal(std::string_view value) {
  const std::optional<std::int64_t> since_2000 = parse_timestamp(value);
  if (!since_2000) return std::nullopt;
  using namespace std::chrono;
  constexpr sys_days year_2000 = 2000y / January / 1;
  // Half a microsecond earlier is one earlier and 500 nanoseconds later.
  const sys_time<microseconds> before = year_2000 + microseconds(*since_2000 - 1);
  const auto day = floor<days>(before);
  const year_month_day date(day);
  const hh_mm_ss time(before - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d.%06d500", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()), static_cast<int>(time.subseconds().count()));
  return "CAST('" + std::string(text) + "' AS TIMESTAMP)";
}

using core::TypeKind;

using core::Support;

constexpr core::TypeRule type_rules[] = {
    {.types = "tinyint, smallint, int, bigint, decimal, date",
     .equality = Support::exact,
     .range = Support::exact,
     .sorts = true},
    // Floats have NaN, which Hive orders otherwise; texts may be compared with trailing blanks or without.
    {.types = "timestamp", .range = Support::exact, .sorts = true},
};

class HiveDialect final : public core::Dialect {
 public:
  std::span<const core::TypeRule> rules() const noexcept override { return type_rules; }

 protected:
  const core::TypeRule* rule_of(const core::RemoteColumn& column) const override {
    switch (column.type.kind) {
      case TypeKind::int2:
      case TypeKind::int4:
      case TypeKind::int8:
      case TypeKind::numeric:
      case TypeKind::date:
        return &type_rules[0];
      case TypeKind::timestamp:
        return &type_rules[1];
      default:
        return nullptr;
    }
  }

  std::optional<std::string> constant(core::Operator comparison, const core::RemoteColumn& column,
                                      std::string_view value) const override {
    const core::LogicalType& type = column.type;
    switch (type.kind) {
      case TypeKind::int2:
      case TypeKind::int4:
      case TypeKind::int8:
        // The suffix L alone makes the lowest value of all no literal.
        if (!core::consists_of(value, "-0123456789")) return std::nullopt;
        return "CAST('" + std::string(value) + "' AS BIGINT)";
      case TypeKind::numeric:
        if (!core::consists_of(value, "-.0123456789")) return std::nullopt;
        return "CAST('" + std::string(value) + "' AS DECIMAL(38," + std::to_string(type.scale) + "))";
      case TypeKind::date:
        if (!core::consists_of(value, "-0123456789")) return std::nullopt;
        return "CAST('" + std::string(value) + "' AS DATE)";
      case TypeKind::timestamp:
        // Several of Hive's are read as one of PostgreSQL's: only where these begin can be told.
        if (comparison != core::Operator::less && comparison != core::Operator::greater_or_equal) return std::nullopt;
        return timestamp_literal(value);
      default:
        return std::nullopt;
    }
  }
};

}  // namespace

const core::Dialect& dialect() noexcept {
  static const HiveDialect instance;
  return instance;
}

}  // namespace connector::hive
