// HiveQL as far as the connector writes it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/rows/logical_type.hpp"

namespace connector::hive {

/// In backticks, with those inside doubled.
std::string quote_identifier(std::string_view name);
/// `schema` may be empty.
std::string quote_table(std::string_view schema, std::string_view table);
/// A name as a pattern of LIKE that matches nothing else, escaped by backslashes (JDBC's getSearchStringEscape()).
std::string escape_pattern(std::string_view name);

/// The statement without a last semicolon, which the server does not take, be it followed by comments or not.
std::string_view without_terminator(std::string_view sql) noexcept;

/// What a column must be compared and ordered as, so that the order is PostgreSQL's; nothing if there is no such.
std::optional<std::string> cursor_order(const std::string& column, const core::LogicalType& type);
/// The value of a cursor as a literal of the column's type; nothing if it can't be written. `value` as in
/// core::CursorRange.
std::optional<std::string> cursor_literal(const core::LogicalType& type, std::string_view value);

}  // namespace connector::hive
