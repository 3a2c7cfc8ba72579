#include "drivers/mysql/default_value.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "core/base/utf8.hpp"
#include "core/remote/dialect.hpp"
#include "core/remote/sql_tokens.hpp"

namespace connector::mysql {

namespace {

using core::ColumnDefault;
using core::SqlToken;
using core::TypeKind;

constexpr std::int32_t uuid_characters = 36;

bool is_temporal(TypeKind kind) noexcept {
  return kind == TypeKind::date || kind == TypeKind::time || kind == TypeKind::timestamp ||
         kind == TypeKind::timestamptz;
}

bool is_number(TypeKind kind) noexcept {
  return kind == TypeKind::int2 || kind == TypeKind::int4 || kind == TypeKind::int8 || kind == TypeKind::float4 ||
         kind == TypeKind::float8 || kind == TypeKind::numeric;
}

bool has_word(std::string_view text, std::string_view word) {
  return core::lower_ascii(text).find(word) != std::string::npos;
}

/// `binary(4)`: 4; 0 for another type.
std::size_t binary_length(std::string_view column_type) noexcept {
  constexpr std::string_view begin = "binary(";
  std::size_t length = 0;
  if (!column_type.starts_with(begin)) return 0;
  std::from_chars(column_type.data() + begin.size(), column_type.data() + column_type.size(), length);
  return length;
}

class DefaultReader {
 public:
  DefaultReader(const DefaultFacts& facts, const core::LogicalType& type)
      : facts_(facts), type_(type), is_expression_(has_word(facts.extra, "default_generated")) {}

  std::optional<ColumnDefault> read() const {
    if (has_word(facts_.extra, "auto_increment")) return other("AUTO_INCREMENT");
    if (!facts_.text || (!is_expression_ && is_generated())) return std::nullopt;
    if (!facts_.is_sql && !is_expression_) return of_value(*facts_.text);
    // MySQL escapes the whole expression, as if it were to stand in a literal.
    return of_sql(facts_.is_sql ? *facts_.text : core::without_backslashes(*facts_.text));
  }

 private:
  bool is_generated() const { return has_word(facts_.extra, "generated") || has_word(facts_.extra, "virtual"); }

  ColumnDefault other(std::string text = {}) const {
    if (text.empty()) text = core::shown_text(facts_.text.value_or(""), 200);
    return {ColumnDefault::Kind::other, std::move(text)};
  }

  /// A value as the server prints it, without quotes. The one expression beside it is that of the current time.
  ColumnDefault of_value(const std::string& value) const {
    if (type_.kind == TypeKind::bytea) return of_bytes(value);
    if (facts_.column_type.starts_with("bit") || is_temporal(type_.kind)) {
      // Its only quotes are those of b'101'.
      const auto tokens = core::sql_tokens(value, {});
      if (tokens && is_current_time(*tokens)) return {ColumnDefault::Kind::current_time, {}};
      if (tokens && tokens->size() == 1 && is_bits((*tokens)[0])) return of_bits((*tokens)[0].text);
    }
    return of_text(value);
  }

  /// Up to MySQL 5.7 the bytes end before the first that is no UTF-8, later before the first zero: what is known to be
  /// all is what fills a binary(n).
  ColumnDefault of_bytes(const std::string& value) const {
    const std::size_t length = binary_length(facts_.column_type);
    const auto tokens = core::sql_tokens(value, {});
    if (tokens && tokens->size() == 1 && (*tokens)[0].kind == SqlToken::Kind::bytes) {
      const std::string& digits = (*tokens)[0].text;
      if (length > 0 && digits.size() == 2 * length) return bytes(digits);
      return other();
    }
    const bool is_ascii = std::ranges::all_of(value, [](unsigned char byte) { return byte < 0x80; });
    return length > 0 && value.size() == length && is_ascii ? bytes(core::hexadecimal(value)) : other();
  }

  std::optional<ColumnDefault> of_sql(const std::string& sql) const {
    const auto all = core::sql_tokens(sql, {.backslash_escapes = true});
    if (!all || all->empty()) return other();
    const auto tokens = core::without_parentheses(*all);
    if (tokens.size() == 1 && tokens[0].is_word("null")) return std::nullopt;
    if (is_current_time(tokens)) return ColumnDefault{ColumnDefault::Kind::current_time, {}};
    if (is_current_utc_time(tokens)) return ColumnDefault{ColumnDefault::Kind::current_utc_time, {}};
    if (is_uuid(tokens)) return ColumnDefault{ColumnDefault::Kind::random_uuid, {}};
    if (tokens.size() == 1 && tokens[0].kind == SqlToken::Kind::string) return of_string(tokens[0]);
    if (tokens.size() == 1 && tokens[0].kind == SqlToken::Kind::bytes) {
      return type_.kind == TypeKind::bytea ? bytes(tokens[0].text) : other();
    }
    if (tokens.size() == 1 && (tokens[0].is_word("true") || tokens[0].is_word("false"))) {
      return of_number(tokens[0].is_word("true") ? "1" : "0");
    }
    const auto number = core::signed_number(tokens);
    return number ? of_number(*number) : other();
  }

  static bool is_bits(const SqlToken& token) {
    return token.kind == SqlToken::Kind::string && token.prefix == "b" && !token.text.empty() &&
           core::consists_of(token.text, "01");
  }

  /// A literal of an expression, which the server converts to the column's type in its own way, and did not check.
  /// Depending on the session in which the table was made, it shows other bytes for what is not ASCII, and means
  /// another thing by a backslash.
  bool is_certain(std::string_view literal) const {
    const auto is_plain = [](unsigned char byte) { return byte >= 0x20 && byte < 0x7f && byte != '\\'; };
    if (!std::ranges::all_of(literal, is_plain) || is_choice()) return false;
    if (facts_.column_type.starts_with("year")) return core::is_like(literal, "9999");
    return !is_number(type_.kind) || (!is_rounded_float() && core::consists_of(literal, "0123456789.-"));
  }

  bool is_choice() const { return facts_.column_type.starts_with("enum") || facts_.column_type.starts_with("set"); }

  /// float(5,2)
  bool is_rounded_float() const {
    const bool is_float = type_.kind == TypeKind::float4 || type_.kind == TypeKind::float8;
    return is_float && facts_.column_type.find(',') != std::string::npos;
  }

  ColumnDefault of_string(const SqlToken& token) const {
    if (is_expression_ && !is_certain(token.text)) return other();
    if (is_bits(token)) return facts_.column_type.starts_with("bit") ? of_bits(token.text) : other();
    if (token.prefix == "x") return type_.kind == TypeKind::bytea ? bytes(token.text) : other();
    // _utf8mb4'…': the server says in which character set it was written, and sends it in the session's.
    if (!token.prefix.empty() && !token.prefix.starts_with("_utf8") && token.prefix != "_latin1") return other();
    if (type_.kind != TypeKind::bytea) return of_text(token.text);
    // MariaDB sends a question mark for each byte that is no character.
    const bool is_whole =
        std::ranges::all_of(token.text, [](unsigned char byte) { return byte < 0x80 && byte != '?'; });
    return is_whole ? bytes(core::hexadecimal(token.text)) : other();
  }

  /// Bits of a number, highest first.
  ColumnDefault of_bits(std::string bits) const {
    bits.erase(0, std::min(bits.find('1'), bits.size() - 1));
    if (type_.kind == TypeKind::boolean) return constant(bits == "1" ? "true" : "false");
    const auto length = static_cast<std::size_t>(type_.length);
    if (type_.kind != TypeKind::bit || bits.size() > length) return other();
    return constant(std::string(length - bits.size(), '0') + bits);
  }

  ColumnDefault of_number(const std::string& number) const {
    const bool is_year = facts_.column_type.starts_with("year");
    if (is_expression_ && (is_rounded_float() || (is_year && !core::is_like(number, "9999")))) return other();
    if (type_.kind == TypeKind::boolean || is_number(type_.kind)) return of_text(number);
    // The number of an enum's member is not its name.
    if (core::is_text_kind(type_.kind) && !is_choice() && core::consists_of(number, "-0123456789"))
      return of_text(number);
    return other();
  }

  ColumnDefault of_text(std::string value) const {
    switch (type_.kind) {
      case TypeKind::boolean:
        return core::consists_of(value, "-0123456789") && !value.empty()
                   ? constant(core::consists_of(value, "-0") ? "false" : "true")
                   : other();
      case TypeKind::date:
      case TypeKind::timestamp:
        return is_moment(value) ? constant(std::move(value)) : other();
      case TypeKind::timestamptz:
        if (facts_.in_zone_of_its_maker || !is_moment(value)) return other();
        return constant(value + "+00");  // the session's time zone
      case TypeKind::time:
        return core::is_clock_time(value) ? constant(std::move(value)) : other();
      case TypeKind::geometry:
      case TypeKind::bytea:
        return other();
      default:
        // With PAD_CHAR_TO_FULL_LENGTH they are shown, though they are no part of a value.
        if (facts_.column_type.starts_with("char")) value.erase(value.find_last_not_of(' ') + 1);
        return core::is_text(value) ? constant(std::move(value)) : other();
    }
  }

  /// The one way to write a date, or a date and time, that means the same everywhere, and a date that exists.
  static bool is_moment(std::string_view value) {
    constexpr std::size_t day_size = 10;
    const std::string_view day = value.substr(0, day_size);
    if (!core::is_like(day, "9999-99-99") || day.find("-00") != std::string_view::npos) return false;
    return value.size() == day_size || (value[day_size] == ' ' && core::is_clock_time(value.substr(day_size + 1)));
  }

  ColumnDefault bytes(const std::string& digits) const {
    if (digits.size() % 2 != 0 || !core::consists_of(digits, "0123456789abcdefABCDEF")) return other();
    // binary(n) is filled with zeros.
    const std::size_t filled = std::max(digits.size(), 2 * binary_length(facts_.column_type));
    return constant("\\x" + digits + std::string(filled - digits.size(), '0'));
  }

  static ColumnDefault constant(std::string text) { return {ColumnDefault::Kind::constant, std::move(text)}; }

  /// The name of the function if the tokens are a call of one without arguments, or with a number of digits.
  static std::string function(std::span<const SqlToken> tokens) {
    if (tokens.empty() || tokens[0].kind != SqlToken::Kind::word) return {};
    const auto rest = tokens.subspan(1);
    const bool has_no_argument = rest.size() == 2 && rest[0].is_symbol("(") && rest[1].is_symbol(")");
    const bool has_digits =
        rest.size() == 3 && rest[0].is_symbol("(") && rest[1].kind == SqlToken::Kind::number && rest[2].is_symbol(")");
    return rest.empty() || has_no_argument || has_digits ? tokens[0].text : std::string();
  }

  bool is_current_time(std::span<const SqlToken> tokens) const {
    const std::string name = function(tokens);
    if (name == "curdate" || name == "current_date") return type_.kind == TypeKind::date;
    if (name == "curtime" || name == "current_time") return type_.kind == TypeKind::time;
    constexpr std::array<std::string_view, 4> names = {"current_timestamp", "now", "localtimestamp", "localtime"};
    return is_temporal(type_.kind) && std::ranges::find(names, name) != names.end();
  }

  bool is_current_utc_time(std::span<const SqlToken> tokens) const {
    const std::string name = function(tokens);
    if (name == "utc_date") return type_.kind == TypeKind::date;
    if (name == "utc_time") return type_.kind == TypeKind::time;
    return name == "utc_timestamp" && is_temporal(type_.kind) && type_.kind != TypeKind::timestamptz;
  }

  bool is_uuid(std::span<const SqlToken> tokens) const {
    if (function(tokens) != "uuid") return false;
    const bool is_long_enough = type_.length == 0 || type_.length >= uuid_characters;
    return type_.kind == TypeKind::uuid || (core::is_text_kind(type_.kind) && is_long_enough);
  }

  const DefaultFacts& facts_;
  const core::LogicalType& type_;
  bool is_expression_;  ///< as MySQL from 8.0.13 on marks it
};

}  // namespace

std::optional<ColumnDefault> default_of(const DefaultFacts& facts, const core::LogicalType& type) {
  return DefaultReader(facts, type).read();
}

}  // namespace connector::mysql
