// The tokens of an expression that a server prints, as of a column's default: what it takes to find out whether it is a
// constant, or a function that is known here. It is never sent or run again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace connector::core {

struct SqlToken {
  enum class Kind : std::uint8_t {
    word,         ///< `text` in ASCII lower case
    quoted_name,  ///< `text` without its quotes
    string,       ///< `text` as it is meant, `prefix` is what stands directly before the quote, in ASCII lower case
    number,       ///< digits with a point or an exponent, without sign
    bytes,        ///< 0x01ff: the digits
    symbol        ///< one character, or `::`
  };
  Kind kind = Kind::symbol;
  std::string text;
  std::string prefix{};

  bool is_symbol(std::string_view symbol) const noexcept { return kind == Kind::symbol && text == symbol; }
  bool is_word(std::string_view word) const noexcept { return kind == Kind::word && text == word; }
};

/// How the server writes.
struct SqlWriting {
  bool backslash_escapes = false;  ///< in strings, as MySQL has them
  bool bracketed_names = false;    ///< [name]; else a bracket is a symbol
};

/// The tokens; nothing if there are more than a constant or the call of a function takes, or if the text holds a
/// comment, a quote that is not closed or a character that belongs to no token.
std::optional<std::vector<SqlToken>> sql_tokens(std::string_view text, const SqlWriting& writing);

/// Without the parentheses around all of them.
std::span<const SqlToken> without_parentheses(std::span<const SqlToken> tokens) noexcept;

/// Tokens with blanks in between, strings in single quotes: to be compared with a text like `now ( )`.
std::string spaced(std::span<const SqlToken> tokens);

/// A number with the signs and parentheses that it has: `- ( 5 )`. Nothing if it is something else.
std::optional<std::string> signed_number(std::span<const SqlToken> tokens);

/// What a text means in which a backslash escapes the character behind it, as in MySQL's strings.
std::string without_backslashes(std::string_view text);

}  // namespace connector::core
