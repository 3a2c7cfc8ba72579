#include "drivers/postgres/sql_text.hpp"

#include <algorithm>

#include "core/remote/dialect.hpp"

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

}  // namespace connector::postgres
