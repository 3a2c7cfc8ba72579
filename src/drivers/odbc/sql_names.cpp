#include "drivers/odbc/sql_names.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include "core/base/letter_case.hpp"
#include "core/base/utf8.hpp"
#include "core/remote/dialect.hpp"
#include "core/remote/login_options.hpp"

namespace connector::odbc {

namespace {

constexpr std::string_view blanks = " \t\r\n\f\v";
constexpr std::string_view unquoted_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_$#";

/// Where the piece that begins at `at` ends: a comment, a quoted text or name, a word, or one character.
class Pieces {
 public:
  Pieces(std::string_view sql, Database database) : sql_(sql), database_(database) {}

  bool at_end() const noexcept { return at_ >= sql_.size(); }
  std::size_t position() const noexcept { return at_; }

  /// Moves behind the piece, and gives it.
  std::string_view next() noexcept {
    const std::size_t begin = at_;
    at_ = std::min(end_of_piece(), sql_.size());
    return sql_.substr(begin, at_ - begin);
  }

  bool is_comment(std::string_view piece) const noexcept {
    return piece.starts_with("--") || piece.starts_with("/*") || is_hash_comment(piece);
  }

 private:
  bool is_hash_comment(std::string_view piece) const noexcept {
    return database_ == Database::mysql && piece.starts_with('#');
  }

  std::size_t behind(std::string_view end, std::size_t from) const noexcept {
    const std::size_t found = sql_.find(end, from);
    return found == std::string_view::npos ? sql_.size() : found + end.size();
  }

  std::size_t behind_quotes(char quote) const noexcept {
    const bool has_backslashes = database_ == Database::mysql && quote != '`';
    for (std::size_t at = at_ + 1; at < sql_.size(); ++at) {
      if (sql_[at] == quote) return at + 1;
      if (has_backslashes && sql_[at] == '\\') ++at;
    }
    return sql_.size();
  }

  /// $tag$ … $tag$ of PostgreSQL; behind the sign alone if it begins no such text.
  std::size_t behind_dollars() const noexcept {
    std::size_t at = at_ + 1;
    while (at < sql_.size() && is_of_word(sql_[at])) ++at;
    if (at >= sql_.size() || sql_[at] != '$') return at_ + 1;
    return behind(sql_.substr(at_, at + 1 - at_), at + 1);
  }

  static bool is_of_word(char c) noexcept {
    return c == '_' || std::isalnum(static_cast<unsigned char>(c)) != 0 || static_cast<signed char>(c) < 0;
  }

  std::size_t end_of_piece() const noexcept {
    const std::string_view rest = sql_.substr(at_);
    const char first = rest[0];
    if (rest.starts_with("--") || is_hash_comment(rest)) return behind("\n", at_);
    if (rest.starts_with("/*")) return behind("*/", at_ + 2);
    if (first == '\'' || first == '"' || first == '`') return behind_quotes(first);
    const bool has_brackets =
        database_ == Database::sqlserver || database_ == Database::sqlite || database_ == Database::mdbtools;
    if (first == '[' && has_brackets) return behind_quotes(']');
    if (first == '$' && database_ == Database::postgres) return behind_dollars();
    std::size_t at = at_;
    while (at < sql_.size() && is_of_word(sql_[at])) ++at;
    return std::max(at, at_ + 1);
  }

  std::string_view sql_;
  Database database_;
  std::size_t at_ = 0;
};

bool is_blank(std::string_view piece) {
  return piece.find_first_not_of(blanks) == std::string_view::npos;
}

}  // namespace

std::string quote_name(const DriverTraits& traits, std::string_view name) {
  if (traits.quote.size() == 1) {
    const char open = traits.quote[0];
    return core::between_quotes(open, name, open == '[' ? ']' : open);
  }
  const bool is_name =
      core::consists_of(name, unquoted_characters) ||
      (traits.database == Database::mdbtools && core::consists_of(name, std::string(unquoted_characters) + ' '));
  if (is_name) return std::string(name);
  throw core::parameter_error("odbc", {}, "the driver can't be told the name " + core::quoted(name),
                              "It has no quotes for names.");
}

std::string quote_table(const DriverTraits& traits, const TableName& name) {
  std::string quoted = quote_name(traits, name.table);
  if (!name.schema.empty()) quoted = quote_name(traits, name.schema) + '.' + quoted;
  if (name.catalog.empty()) return quoted;
  const std::string catalog = quote_name(traits, name.catalog);
  return traits.catalog_at_start ? catalog + traits.catalog_separator + quoted
                                 : quoted + traits.catalog_separator + catalog;
}

std::string_view without_semicolon(std::string_view sql, Database database) noexcept {
  Pieces pieces(sql, database);
  std::optional<std::size_t> end;
  while (!pieces.at_end()) {
    const std::size_t begin = pieces.position();
    const std::string_view piece = pieces.next();
    if (piece == ";") {
      // Of two semicolons the database may say what it thinks.
      if (end) return sql;
      end = begin;
    } else if (end && !is_blank(piece) && !pieces.is_comment(piece)) {
      end.reset();
    }
  }
  return end ? sql.substr(0, *end) : sql;
}

bool has_several_statements(std::string_view sql, Database database) noexcept {
  Pieces pieces(sql, database);
  bool has_ended = false;
  while (!pieces.at_end()) {
    const std::string_view piece = pieces.next();
    if (piece == ";") {
      has_ended = true;
    } else if (has_ended && !is_blank(piece) && !pieces.is_comment(piece)) {
      return true;
    }
  }
  return false;
}

bool can_be_derived(std::string_view sql, Database database) {
  Pieces pieces(sql, database);
  bool is_first = true;
  while (!pieces.at_end()) {
    const std::string_view piece = pieces.next();
    if (is_blank(piece) || pieces.is_comment(piece)) continue;
    const auto is_word = [&](std::string_view word) { return core::same_but_for_case(piece, word); };
    if (is_first && !is_word("select") && !is_word("values") && !is_word("with")) return false;
    // SQL Server takes WITH at the begin of a statement only.
    if (is_first && is_word("with") && database == Database::sqlserver) return false;
    if (is_word("order") || is_word("into") || is_word("for")) return false;
    // What changes something is run once, as it is.
    if (is_word("insert") || is_word("update") || is_word("delete") || is_word("merge") || is_word("nextval"))
      return false;
    is_first = false;
  }
  return !is_first;
}

}  // namespace connector::odbc
