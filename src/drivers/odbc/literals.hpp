// Constants in the SQL of the databases that are known.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/remote/source.hpp"
#include "drivers/odbc/driver_traits.hpp"

namespace connector::odbc {

/// Of a decimal.
inline constexpr int most_digits_of_sqlserver = 38;

/// `value` is as PostgreSQL prints it. Nothing if it is none of the type, or can't be written so that the database
/// surely reads it.
std::optional<std::string> integer_literal(std::string_view value);
/// Beside a column of the type: for SQL Server nothing if the comparison could lose digits.
std::optional<std::string> decimal_literal(Database database, const core::LogicalType& type, std::string_view value);
std::optional<std::string> boolean_literal(Database database, std::string_view value);
/// Years from 1 to 9999.
std::optional<std::string> date_literal(Database database, std::string_view value);
std::optional<std::string> timestamp_literal(Database database, const core::LogicalType& type, std::string_view value);
/// Beside what the dialect compares texts as.
std::optional<std::string> text_literal(Database database, std::string_view value);
std::optional<std::string> uuid_literal(Database database, std::string_view value);

}  // namespace connector::odbc
