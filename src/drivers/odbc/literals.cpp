#include "drivers/odbc/literals.hpp"

#include <algorithm>

#include "core/remote/dialect.hpp"

namespace connector::odbc {

namespace {

using core::TypeKind;

constexpr std::string_view digits = "0123456789";

/// A date of a year from 1 to 9999.
bool is_date(std::string_view value) {
  return core::is_like(value, "9999-99-99") && value.substr(0, 4) != "0000";
}

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<signed char>(c) > 0; });
}

std::string quoted_text(std::string_view text) {
  return core::between_quotes('\'', text, '\'');
}

}  // namespace

std::optional<std::string> integer_literal(std::string_view value) {
  std::string_view number = value;
  if (number.starts_with('-')) number.remove_prefix(1);
  if (!core::consists_of(number, digits)) return std::nullopt;
  return std::string(value);
}

std::optional<std::string> decimal_literal(Database database, const core::LogicalType& type, std::string_view value) {
  std::string_view number = value;
  if (number.starts_with('-')) number.remove_prefix(1);
  const std::size_t point = number.find('.');
  const std::string_view whole = number.substr(0, point);
  const std::string_view fraction = point == std::string_view::npos ? "" : number.substr(point + 1);
  if (!core::consists_of(whole, digits)) return std::nullopt;
  if (point != std::string_view::npos && !core::consists_of(fraction, digits)) return std::nullopt;
  // More digits are changed there ("Precision Math").
  if (database == Database::mysql && (whole.size() + fraction.size() > 65 || fraction.size() > 30)) return std::nullopt;
  if (database == Database::sqlserver) {
    const int before = std::max(static_cast<int>(whole.size()), type.length - type.scale);
    const int behind = std::max(static_cast<int>(fraction.size()), type.scale);
    if (type.length == 0 || before + behind > most_digits_of_sqlserver) return std::nullopt;
  }
  return std::string(value);
}

std::optional<std::string> boolean_literal(Database database, std::string_view value) {
  if (value != "true" && value != "false") return std::nullopt;
  if (database == Database::postgres) return std::string(value);
  return value == "true" ? "1" : "0";
}

std::optional<std::string> date_literal(Database database, std::string_view value) {
  if (!is_date(value)) return std::nullopt;
  const std::string text = quoted_text(value);
  return database == Database::sqlserver ? "CAST(" + text + " AS date)" : "DATE " + text;
}

std::optional<std::string> timestamp_literal(Database database, const core::LogicalType& type, std::string_view value) {
  const bool has_zone = type.kind == TypeKind::timestamptz;
  if (has_zone && !value.ends_with("+00")) return std::nullopt;
  std::string_view local = has_zone ? value.substr(0, value.size() - 3) : value;
  if (local.size() < 19 || !is_date(local.substr(0, 10)) || local[10] != ' ' ||
      !core::is_clock_time(local.substr(11)) || local.size() > 26) {
    return std::nullopt;
  }
  if (database == Database::sqlserver) {
    if (has_zone) return std::nullopt;
    // ISO 8601, which no setting changes ("datetime2").
    std::string text(local);
    text[10] = 'T';
    return "CAST(" + quoted_text(text) + " AS datetime2)";
  }
  // The last second that the driver has, which it gives for infinity as well.
  if (database == Database::postgres && local.substr(0, 19) >= "9999-12-31 23:59:59") return std::nullopt;
  if (database == Database::postgres && has_zone) return "TIMESTAMPTZ " + quoted_text(value);
  return "TIMESTAMP " + quoted_text(local);
}

std::optional<std::string> text_literal(Database database, std::string_view value) {
  switch (database) {
    case Database::postgres:
      // In E'…' a backslash is the same whatever standard_conforming_strings is.
      if (value.find('\\') != std::string_view::npos) return std::nullopt;
      return quoted_text(value);
    case Database::mysql:
      return "x'" + core::hexadecimal(value) + '\'';
    case Database::sqlite:
      return quoted_text(value);
    case Database::sqlserver:
      // Not all characters are in all code pages; a backslash before the end of a line joins it with the next one;
      // longer texts are of another type.
      if (!is_ascii(value) || value.find("\\\n") != std::string_view::npos ||
          value.find("\\\r") != std::string_view::npos || value.size() > 4000) {
        return std::nullopt;
      }
      return quoted_text(value);
    default:
      return std::nullopt;
  }
}

std::optional<std::string> uuid_literal(Database database, std::string_view value) {
  if (!core::consists_of(value, "0123456789abcdef-")) return std::nullopt;
  const std::string text = quoted_text(value);
  return database == Database::postgres ? "CAST(" + text + " AS uuid)" : "CAST(" + text + " AS uniqueidentifier)";
}

}  // namespace connector::odbc
