// HiveQL as far as the connector writes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/remote/dialect.hpp"

namespace connector::hive {

/// In backticks, with those inside doubled.
std::string quote_identifier(std::string_view name);
/// `schema` may be empty.
std::string quote_table(std::string_view schema, std::string_view table);
/// A name as a pattern of LIKE that matches nothing else, escaped by backslashes (JDBC's getSearchStringEscape()).
std::string escape_pattern(std::string_view name);

/// The statement without a last semicolon, which the server does not take, be it followed by comments or not.
std::string_view without_terminator(std::string_view sql) noexcept;

/// Whether the statement has a word that orders rows, be it for a part of it.
bool may_order_rows(std::string_view sql) noexcept;

/// Of a decimal.
inline constexpr std::int32_t most_decimal_digits = 38;
/// `decimal(38,scale)`, as which numbers are summed.
std::string widest_decimal(std::int32_t scale);

/// The collation of a text that may stand beside another one: of no partition, where a value that is missing is NULL
/// for comparisons, and a text where it is read.
inline constexpr const char* binary_collation = "binary";

/// What Hive and Spark compare and order as PostgreSQL does. Only text of remote_type "string" is text.
const core::Dialect& dialect() noexcept;

}  // namespace connector::hive
