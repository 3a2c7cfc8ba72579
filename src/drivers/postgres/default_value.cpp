#include "drivers/postgres/default_value.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "core/base/utf8.hpp"
#include "core/remote/dialect.hpp"
#include "core/remote/sql_tokens.hpp"

namespace connector::postgres {

namespace {

using core::ColumnDefault;
using core::SqlToken;
using core::TypeKind;
using Kind = core::ColumnDefault::Kind;
using Tokens = std::span<const SqlToken>;

template <std::size_t size>
bool is_one_of(std::string_view text, const std::array<std::string_view, size>& texts) {
  return std::ranges::find(texts, text) != texts.end();
}

/// `timestamp(3) without time zone`: the same without what is in parentheses.
std::string without_modifier(std::string_view type) {
  std::string name(type.substr(0, type.find('(')));
  const std::size_t close = type.find(')');
  if (close != std::string_view::npos) name += type.substr(close + 1);
  return name;
}

bool is_text_type(std::string_view type) {
  return is_one_of<3>(type, {"text", "character varying", "bpchar"});
}

bool is_number_type(std::string_view type) {
  return is_one_of<6>(type, {"smallint", "integer", "bigint", "numeric", "real", "double precision"});
}

bool is_temporal(TypeKind kind) noexcept {
  return kind == TypeKind::date || kind == TypeKind::time || kind == TypeKind::timetz || kind == TypeKind::timestamp ||
         kind == TypeKind::timestamptz;
}

/// An expression that may be cast, once.
struct Casted {
  Tokens inner;
  Tokens type;  ///< empty = no cast
};

Casted split_cast(Tokens tokens) {
  int depth = 0;
  for (std::size_t i = tokens.size(); i-- > 0;) {
    if (tokens[i].is_symbol(")")) ++depth;
    if (tokens[i].is_symbol("(")) --depth;
    if (depth == 0 && tokens[i].is_symbol("::") && i + 1 < tokens.size()) {
      return {core::without_parentheses(tokens.first(i)), tokens.subspan(i + 1)};
    }
  }
  return {tokens, {}};
}

/// A type as format_type() prints it, or nothing if it is something else, or has a modifier.
std::string type_of(Tokens tokens) {
  std::string type;
  bool is_after_word = false;
  for (const SqlToken& token : tokens) {
    const bool is_name = token.kind == SqlToken::Kind::word || token.kind == SqlToken::Kind::quoted_name;
    if (!is_name && !token.is_symbol(".") && !token.is_symbol("[") && !token.is_symbol("]")) return {};
    if (is_name && is_after_word) type += ' ';
    type += token.kind == SqlToken::Kind::quoted_name ? core::quoted(token.text) : token.text;
    is_after_word = is_name;
  }
  return type;
}

class DefaultReader {
 public:
  DefaultReader(std::string_view expression, std::string_view remote_type, const core::LogicalType& type)
      : expression_(expression), own_type_(without_modifier(remote_type)), type_(type) {}

  std::optional<ColumnDefault> read() const {
    const auto all = core::sql_tokens(expression_, {});
    if (!all || all->empty()) return other();
    const Tokens tokens = core::without_parentheses(*all);
    const auto [inner, cast_tokens] = split_cast(tokens);
    const std::string cast = type_of(cast_tokens);
    if (inner.size() == 1 && inner[0].is_word("null")) return std::nullopt;
    if (is_current_utc_time(tokens)) return ColumnDefault{Kind::current_utc_time, {}};
    if (is_current_time(inner, core::spaced(cast_tokens))) return ColumnDefault{Kind::current_time, {}};
    if (!cast_tokens.empty() && cast.empty()) return other();
    if (is_uuid(inner, cast)) return ColumnDefault{Kind::random_uuid, {}};
    return literal(inner, cast);
  }

 private:
  ColumnDefault other() const { return {Kind::other, core::shown_text(expression_, 200)}; }

  ColumnDefault literal(Tokens tokens, const std::string& cast) const {
    if (own_type_ == "money") return other();  // it is written as the server's locale says
    const auto number = core::signed_number(tokens);
    if (!keeps_value(cast) && !keeps_number(cast, number ? *number : tokens.size() == 1 ? tokens[0].text : "")) {
      return other();
    }
    if (number) return constant(*number);
    if (tokens.size() != 1) return other();
    const SqlToken& token = tokens[0];
    if (token.is_word("true") || token.is_word("false")) return constant(token.text);
    if (token.kind != SqlToken::Kind::string) return other();
    if (token.prefix.empty()) return constant(token.text);
    const bool is_bits = type_.kind == TypeKind::bit || type_.kind == TypeKind::varbit;
    return is_bits && token.prefix == "b" && core::consists_of(token.text, "01") ? constant(token.text) : other();
  }

  /// Whether a cast to that type leaves the value of a literal as it is in the column.
  bool keeps_value(const std::string& cast) const {
    if (cast.empty() || cast == own_type_ || cast == core::quoted(own_type_)) return true;
    if (cast == "\"bit\"") return own_type_ == "bit varying";
    // A bpchar loses its blanks where it becomes another text.
    const bool is_padded = own_type_ == "character";
    return is_text_type(cast) && (is_text_type(own_type_) || is_padded) && (is_padded || cast != "bpchar");
  }

  /// Likewise for a number: '-5'::integer is what a column of another type gets.
  bool keeps_number(std::string_view cast, std::string_view number) const {
    const bool is_integer = is_one_of<3>(cast, {"smallint", "integer", "bigint"});
    return is_number_type(own_type_) && !number.empty() &&
           core::consists_of(number, is_integer ? "-0123456789" : "-0123456789.") && (is_integer || cast == "numeric");
  }

  ColumnDefault constant(std::string text) const {
    if (!core::is_text(text)) return other();
    return {Kind::constant, std::move(text)};
  }

  /// `type`: that the time is cast to, or empty. Old servers print CURRENT_DATE as ('now'::text)::date.
  bool is_current_time(Tokens tokens, std::string_view type) const {
    std::string name = core::spaced(tokens);
    if (name == "'now' :: text" || name == "'now' :: cstring") {
      if (type.empty()) return false;
      return fits(type);
    }
    if (tokens.size() == 4 && tokens[1].is_symbol("(") && tokens[2].kind == SqlToken::Kind::number &&
        tokens[3].is_symbol(")")) {
      name = tokens[0].text;  // of so many digits
    }
    if (name == "current_date") return (type.empty() || type == "date") && type_.kind == TypeKind::date;
    if (name == "current_time" || name == "localtime") return type.empty() && fits("time");
    return is_one_of<5>(name, {"now ( )", "current_timestamp", "localtimestamp", "transaction_timestamp ( )",
                               "statement_timestamp ( )"}) &&
           fits(type.empty() ? "timestamp" : type);
  }

  /// Whether the column has all of a time that was cast to this type.
  bool fits(std::string_view type) const {
    if (type == "date") return type_.kind == TypeKind::date;
    const bool is_clock = type_.kind == TypeKind::time || type_.kind == TypeKind::timetz;
    if (type.starts_with("timestamp")) return is_temporal(type_.kind);
    return type.starts_with("time") && is_clock;
  }

  bool is_current_utc_time(Tokens tokens) const {
    const bool has_no_zone =
        type_.kind == TypeKind::timestamp || type_.kind == TypeKind::date || type_.kind == TypeKind::time;
    const auto inner = split_cast(tokens);
    std::string text = core::lower_ascii(core::spaced(tokens));
    if (!inner.type.empty() && inner.type.size() == 1 && core::spaced(inner.type) == "date") {
      if (type_.kind != TypeKind::date) return false;
      text = core::lower_ascii(core::spaced(inner.inner));
    }
    return has_no_zone &&
           is_one_of<4>(text, {"timezone ( 'utc' :: text , now ( ) )", "timezone ( 'utc' :: text , current_timestamp )",
                               "now ( ) at time zone 'utc' :: text", "current_timestamp at time zone 'utc' :: text"});
  }

  /// Of PostgreSQL or of an extension, in whatever schema that is.
  bool is_uuid(Tokens tokens, const std::string& cast) const {
    const bool has_schema = tokens.size() == 5 && tokens[1].is_symbol(".");
    if (has_schema) tokens = tokens.subspan(2);
    if (!is_one_of<2>(core::spaced(tokens), {"gen_random_uuid ( )", "uuid_generate_v4 ( )"})) return false;
    const bool is_long_enough = type_.length == 0 || type_.length >= 36;
    if (core::is_text_kind(type_.kind)) return is_long_enough && (cast.empty() || is_text_type(cast));
    return type_.kind == TypeKind::uuid && (cast.empty() || cast == "uuid");
  }

  std::string_view expression_;
  std::string own_type_;
  const core::LogicalType& type_;
};

}  // namespace

std::optional<ColumnDefault> default_of(std::string_view expression, std::string_view remote_type,
                                        const core::LogicalType& type) {
  return DefaultReader(expression, remote_type, type).read();
}

}  // namespace connector::postgres
