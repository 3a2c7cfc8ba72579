// How MySQL and MariaDB write names and literals. Every session has sql_mode = '' (connect.cpp): backticks quote
// names, backslashes escape in literals.
#pragma once

#include <string>
#include <string_view>

#include "core/remote/dialect.hpp"
#include "core/rows/logical_type.hpp"

namespace connector::mysql {

/// A name in backticks.
std::string quote_identifier(std::string_view name);
/// schema.table, quoted.
std::string quote_table(std::string_view schema, std::string_view table);
/// A string literal.
std::string quote_literal(std::string_view text);

/// Conditions and orders.
const core::Dialect& dialect() noexcept;
/// The same, with parameters as the server takes them: ?, in the order in which they stand there.
const core::Dialect& dialect_of_server() noexcept;

/// What the sum of a column is, of which the dialect makes one.
core::LogicalType sum_type(const core::RemoteColumn& column);

}  // namespace connector::mysql
