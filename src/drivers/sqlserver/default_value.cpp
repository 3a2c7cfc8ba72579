#include "drivers/sqlserver/default_value.hpp"

#include <algorithm>
#include <charconv>
#include <span>
#include <string>

#include "core/base/utf8.hpp"
#include "core/remote/dialect.hpp"
#include "core/remote/sql_tokens.hpp"

namespace connector::sqlserver {

namespace {

using core::ColumnDefault;
using core::SqlToken;
using core::TypeKind;
using Kind = core::ColumnDefault::Kind;
using Tokens = std::span<const SqlToken>;

constexpr std::int32_t uuid_characters = 36;

bool is_number(TypeKind kind) noexcept {
  return kind == TypeKind::int2 || kind == TypeKind::int4 || kind == TypeKind::int8 || kind == TypeKind::float4 ||
         kind == TypeKind::float8 || kind == TypeKind::numeric;
}

class DefaultReader {
 public:
  DefaultReader(std::string_view definition, std::string_view remote_type, const core::LogicalType& type)
      : definition_(definition),
        own_type_(remote_type.substr(0, remote_type.find('('))),
        remote_type_(remote_type),
        type_(type) {}

  std::optional<ColumnDefault> read() const {
    const auto all = core::sql_tokens(definition_, {.bracketed_names = true});
    if (!all || all->empty()) return other();
    const Tokens tokens = unconverted(core::without_parentheses(*all));
    if (tokens.empty()) return other();
    if (tokens.size() == 1 && tokens[0].is_word("null")) return std::nullopt;
    const std::string call = core::spaced(tokens);
    if (call == "current_timestamp" || call == "getdate ( )" || call == "sysdatetime ( )") return local_time();
    if (call == "getutcdate ( )" || call == "sysutcdatetime ( )") return utc_time();
    if (call == "sysdatetimeoffset ( )") return is_moment() ? simple(Kind::current_time) : other();
    if (call == "newid ( )" || call == "newsequentialid ( )") return uuid();
    if (const auto number = core::signed_number(tokens)) return of_number(*number);
    if (tokens.size() == 2 && tokens[0].is_symbol("$") && tokens[1].kind == SqlToken::Kind::number) {
      return of_number(tokens[1].text);
    }
    if (tokens.size() != 1) return other();
    if (tokens[0].kind == SqlToken::Kind::bytes) return of_bytes(tokens[0].text);
    const bool is_string =
        tokens[0].kind == SqlToken::Kind::string && (tokens[0].prefix.empty() || tokens[0].prefix == "n");
    return is_string ? of_string(tokens[0].text) : other();
  }

 private:
  ColumnDefault other() const { return {Kind::other, core::shown_text(definition_, 200)}; }
  static ColumnDefault simple(Kind kind) { return {kind, {}}; }
  ColumnDefault constant(std::string text) const {
    return core::is_text(text) ? ColumnDefault{Kind::constant, std::move(text)} : other();
  }

  /// CONVERT([bit],(0)) is what the server makes of a cast: the same without it, if it is to the column's own type and
  /// to no other length.
  Tokens unconverted(Tokens tokens) const {
    if (tokens.size() < 6 || !tokens[0].is_word("convert") || !tokens[1].is_symbol("(") || !tokens[3].is_symbol(",") ||
        !tokens.back().is_symbol(")")) {
      return tokens;
    }
    const bool is_name = tokens[2].kind == SqlToken::Kind::quoted_name || tokens[2].kind == SqlToken::Kind::word;
    if (!is_name || core::lower_ascii(tokens[2].text) != own_type_ || own_type_ != remote_type_) return {};
    return core::without_parentheses(tokens.subspan(4, tokens.size() - 5));
  }

  bool is_moment() const noexcept {
    return type_.kind == TypeKind::timestamp || type_.kind == TypeKind::timestamptz || type_.kind == TypeKind::date ||
           type_.kind == TypeKind::time;
  }

  /// A datetimeoffset gets the local time as if it were UTC.
  ColumnDefault local_time() const {
    return is_moment() && type_.kind != TypeKind::timestamptz ? simple(Kind::current_time) : other();
  }

  ColumnDefault utc_time() const {
    if (!is_moment()) return other();
    return simple(type_.kind == TypeKind::timestamptz ? Kind::current_time : Kind::current_utc_time);
  }

  ColumnDefault uuid() const {
    const bool is_long_enough = type_.length == 0 || type_.length >= uuid_characters;
    const bool fits = type_.kind == TypeKind::uuid || (core::is_text_kind(type_.kind) && is_long_enough);
    return fits ? simple(Kind::random_uuid) : other();
  }

  /// A number that is assigned to a date counts days, and to a text may get another form.
  ColumnDefault of_number(const std::string& number) const {
    if (type_.kind == TypeKind::boolean) return constant(core::consists_of(number, "-0.") ? "false" : "true");
    if (is_number(type_.kind)) return constant(number);
    return is_text() && core::consists_of(number, "-0123456789") ? constant(number) : other();
  }

  ColumnDefault of_bytes(const std::string& hexadecimal) const {
    if (type_.kind != TypeKind::bytea || hexadecimal.size() % 2 != 0) return other();
    std::size_t length = 0;  // of a binary(n), which is filled with zeros
    if (remote_type_.starts_with("binary(")) {
      std::from_chars(remote_type_.data() + 7, remote_type_.data() + remote_type_.size(), length);
    }
    const std::size_t filled = std::max(hexadecimal.size(), 2 * std::min<std::size_t>(length, 8000));
    return constant("\\x" + hexadecimal + std::string(filled - hexadecimal.size(), '0'));
  }

  /// Only what means the same whatever the language of a session is.
  ColumnDefault of_string(std::string text) const {
    switch (type_.kind) {
      case TypeKind::boolean: {
        const std::string word = core::lower_ascii(text);
        return word == "true" || word == "false" || word == "0" || word == "1" ? constant(word) : other();
      }
      case TypeKind::date:
        return is_day(text) ? constant(std::move(text)) : other();
      case TypeKind::time:
        return core::is_clock_time(text) ? constant(std::move(text)) : other();
      case TypeKind::timestamp:
        return is_day_and_time(text) ? constant(std::move(text)) : other();
      case TypeKind::timestamptz:
        return is_day_and_time(text) ? constant(text + "+00") : other();
      case TypeKind::uuid:
        return constant(std::move(text));
      default:
        break;
    }
    if (is_number(type_.kind)) {
      const bool is_plain = !text.empty() && core::consists_of(text, "0123456789.-");
      return is_plain && own_type_ != "money" && own_type_ != "smallmoney" ? constant(std::move(text)) : other();
    }
    return is_text() ? constant(std::move(text)) : other();
  }

  /// datetime and smalldatetime read 2020-02-01 in the order of the session's language.
  bool is_day(std::string_view text) const {
    const bool depends = own_type_ == "datetime" || own_type_ == "smalldatetime";
    return core::is_like(text, "99999999") || (!depends && core::is_like(text, "9999-99-99"));
  }

  bool is_day_and_time(std::string_view text) const {
    const std::size_t separator = text.find_first_of(" T");
    if (separator == std::string_view::npos) return is_day(text);
    const std::string_view day = text.substr(0, separator);
    const bool is_iso = text[separator] == 'T' && core::is_like(day, "9999-99-99");
    return (is_iso || (text[separator] == ' ' && is_day(day))) && core::is_clock_time(text.substr(separator + 1));
  }

  bool is_text() const {
    return core::is_text_kind(type_.kind) && (own_type_.ends_with("char") || own_type_.ends_with("text"));
  }

  std::string_view definition_;
  std::string_view own_type_;  ///< without a length
  std::string_view remote_type_;
  const core::LogicalType& type_;
};

}  // namespace

std::optional<ColumnDefault> default_of(std::string_view definition, std::string_view remote_type,
                                        const core::LogicalType& type) {
  return DefaultReader(definition, remote_type, type).read();
}

}  // namespace connector::sqlserver
