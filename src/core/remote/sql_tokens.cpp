#include "core/remote/sql_tokens.hpp"

#include "core/base/utf8.hpp"

namespace connector::core {

namespace {

constexpr std::size_t max_tokens = 40;

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

bool is_hex_digit(char c) noexcept {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Of a name without quotes, at its begin.
bool begins_word(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

bool continues_word(char c) noexcept {
  return begins_word(c) || is_digit(c) || c == '$';
}

bool is_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// What the character behind a backslash stands for (MySQL manual, "String Literals"); `\%` and `\_` stay as they are.
void append_escaped(std::string& text, char c) {
  switch (c) {
    case '0':
      text += '\0';
      return;
    case 'b':
      text += '\b';
      return;
    case 'n':
      text += '\n';
      return;
    case 'r':
      text += '\r';
      return;
    case 't':
      text += '\t';
      return;
    case 'Z':
      text += '\x1a';
      return;
    case '%':
    case '_':
      text += '\\';
      [[fallthrough]];
    default:
      text += c;
  }
}

class Tokenizer {
 public:
  Tokenizer(std::string_view text, const SqlWriting& writing) : text_(text), writing_(writing) {}

  std::optional<std::vector<SqlToken>> read() {
    while (true) {
      while (is_blank(at(0))) ++position_;
      if (position_ == text_.size()) return std::move(tokens_);
      if (tokens_.size() == max_tokens || !next()) return std::nullopt;
    }
  }

 private:
  /// NUL behind the end.
  char at(std::size_t offset) const noexcept {
    return position_ + offset < text_.size() ? text_[position_ + offset] : '\0';
  }

  bool next() {
    const char c = at(0);
    if (begins_word(c)) return word();
    if (is_digit(c) || (c == '.' && is_digit(at(1)))) return number();
    if (c == '\'') return string({});
    if (c == '"' || c == '`') return quoted_name(c);
    if (c == '[' && writing_.bracketed_names) return quoted_name(']');
    return symbol();
  }

  bool word() {
    const std::size_t begin = position_;
    while (continues_word(at(0))) ++position_;
    std::string name = lower_ascii(text_.substr(begin, position_ - begin));
    if (at(0) == '\'') return string(std::move(name));
    tokens_.push_back({SqlToken::Kind::word, std::move(name)});
    return true;
  }

  bool number() {
    const std::size_t begin = position_;
    if (at(0) == '0' && (at(1) == 'x' || at(1) == 'X')) {
      position_ += 2;
      while (is_hex_digit(at(0))) ++position_;
      tokens_.push_back({SqlToken::Kind::bytes, std::string(text_.substr(begin + 2, position_ - begin - 2))});
      return !continues_word(at(0));
    }
    digits();
    if (at(0) == '.') {
      ++position_;
      digits();
    }
    if (at(0) == 'e' || at(0) == 'E') {
      const std::size_t sign = at(1) == '+' || at(1) == '-' ? 1 : 0;
      if (!is_digit(at(1 + sign))) return false;
      position_ += 1 + sign;
      digits();
    }
    tokens_.push_back({SqlToken::Kind::number, std::string(text_.substr(begin, position_ - begin))});
    return !continues_word(at(0)) && at(0) != '.';
  }

  void digits() noexcept {
    while (is_digit(at(0))) ++position_;
  }

  bool string(std::string prefix) {
    std::optional<std::string> value = quoted('\'', writing_.backslash_escapes);
    if (!value) return false;
    tokens_.push_back({SqlToken::Kind::string, std::move(*value), std::move(prefix)});
    return true;
  }

  bool quoted_name(char close) {
    std::optional<std::string> name = quoted(close, false);
    if (!name) return false;
    tokens_.push_back({SqlToken::Kind::quoted_name, std::move(*name)});
    return true;
  }

  /// From the opening quote to behind the closing one, of which two stand for one in the text.
  std::optional<std::string> quoted(char close, bool escapes) {
    std::string value;
    for (++position_; position_ < text_.size(); ++position_) {
      const char c = at(0);
      if (escapes && c == '\\') {
        if (++position_ == text_.size()) return std::nullopt;
        append_escaped(value, at(0));
      } else if (c != close) {
        value += c;
      } else if (at(1) == close) {
        value += c;
        ++position_;
      } else {
        ++position_;
        return value;
      }
    }
    return std::nullopt;
  }

  bool symbol() {
    const std::string_view rest = text_.substr(position_);
    if (rest.starts_with("--") || rest.starts_with("/*") || rest.starts_with('#')) return false;
    if (rest.front() <= ' ' || rest.front() == '\x7f') return false;
    const std::size_t size = rest.starts_with("::") ? 2 : 1;
    tokens_.push_back({SqlToken::Kind::symbol, std::string(rest.substr(0, size))});
    position_ += size;
    return true;
  }

  std::string_view text_;
  const SqlWriting& writing_;
  std::size_t position_ = 0;
  std::vector<SqlToken> tokens_;
};

/// Whether the first token is a parenthesis that the last one closes.
bool is_in_parentheses(std::span<const SqlToken> tokens) noexcept {
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].is_symbol("(")) ++depth;
    if (tokens[i].is_symbol(")")) --depth;
    if (depth <= 0) return i > 0 && depth == 0 && i + 1 == tokens.size();
  }
  return false;
}

}  // namespace

std::optional<std::vector<SqlToken>> sql_tokens(std::string_view text, const SqlWriting& writing) {
  return Tokenizer(text, writing).read();
}

std::span<const SqlToken> without_parentheses(std::span<const SqlToken> tokens) noexcept {
  while (is_in_parentheses(tokens)) tokens = tokens.subspan(1, tokens.size() - 2);
  return tokens;
}

std::string spaced(std::span<const SqlToken> tokens) {
  std::string text;
  for (const SqlToken& token : tokens) {
    if (!text.empty()) text += ' ';
    const bool is_string = token.kind == SqlToken::Kind::string;
    const std::string_view quote = is_string ? "'" : token.kind == SqlToken::Kind::quoted_name ? "\"" : "";
    text.append(token.prefix).append(quote).append(token.text).append(quote);
  }
  return text;
}

std::optional<std::string> signed_number(std::span<const SqlToken> tokens) {
  bool is_negative = false;
  for (tokens = without_parentheses(tokens); tokens.size() > 1; tokens = without_parentheses(tokens.subspan(1))) {
    if (tokens[0].is_symbol("-")) {
      is_negative = !is_negative;
    } else if (!tokens[0].is_symbol("+")) {
      return std::nullopt;
    }
  }
  if (tokens.empty() || tokens[0].kind != SqlToken::Kind::number) return std::nullopt;
  const bool is_zero = tokens[0].text.find_first_not_of('0') == std::string::npos;
  return (is_negative && !is_zero ? "-" : "") + tokens[0].text;
}

std::string without_backslashes(std::string_view text) {
  std::string meant;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      append_escaped(meant, text[++i]);
    } else {
      meant += text[i];
    }
  }
  return meant;
}

}  // namespace connector::core
