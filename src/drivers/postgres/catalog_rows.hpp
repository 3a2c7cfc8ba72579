// Values of the catalog's rows.
#pragma once

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>

#include "drivers/postgres/session.hpp"

namespace connector::postgres {

inline constexpr Task looking_up{core::Phase::describe, "could not read the catalog of the server"};

/// A value that is missing is an empty text; a column that is missing is an Error.
inline std::string text(const TextRow& row, std::size_t column) {
  if (column >= row.size())
    throw_malformed("an answer of the server has too few columns", looking_up.phase, looking_up.summary);
  return row[column].value_or("");
}

/// Nothing if it is none, or out of range.
template <typename Number>
std::optional<Number> number(const TextRow& row, std::size_t column) {
  const std::string digits = text(row, column);
  Number result = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), result);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return result;
}

inline bool is_true(const TextRow& row, std::size_t column) {
  return text(row, column) == "t";
}

}  // namespace connector::postgres
