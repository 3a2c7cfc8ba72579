// How MySQL and MariaDB write names and literals. Every session has sql_mode = '' (connect.cpp): backticks quote
// names, backslashes escape in literals.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/rows/logical_type.hpp"

namespace connector::mysql {

/// A name in backticks.
std::string quote_identifier(std::string_view name);
/// schema.table, quoted.
std::string quote_table(std::string_view schema, std::string_view table);
/// A string literal.
std::string quote_literal(std::string_view text);

/// What a column (its SQL), described as `type`, is ordered by for core::CursorRange. Nothing where MySQL would order
/// otherwise than PostgreSQL does.
std::optional<std::string> cursor_order(const std::string& column, const core::LogicalType& type);
/// The literal that is compared with it. Nothing for values that MySQL does not have (infinity, a year before Christ).
std::optional<std::string> cursor_literal(const core::LogicalType& type, std::string_view value);

}  // namespace connector::mysql
