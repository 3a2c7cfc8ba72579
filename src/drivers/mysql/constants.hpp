// Constants beside columns: how they are written so that MySQL and MariaDB compare as PostgreSQL does, and which of
// them no value of a column equals. What servers make of others was tried on MariaDB 10.11, MySQL 5.6 and 9.7, with an
// index on the column and without.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/scan.hpp"
#include "core/remote/source.hpp"

namespace connector::mysql {

/// What columns of a type are compared as.
enum class Comparison : unsigned char { none, text, integer, year, decimal, floating, bits, date, time, bytes, uuid };

/// By the remote type ("int(10) unsigned"), and the local one where that is not the natural one.
Comparison comparison_of(std::string_view remote_type, const core::LogicalType& type);
Comparison comparison_of(const core::RemoteColumn& column);

/// "varchar" of "varchar(10)"
std::string_view first_word(std::string_view remote_type);

/// Whether it is an enum or a set.
bool is_choice(std::string_view remote_type);

/// The literal of a constant that is not a text; in the form of core::Expression::value. Nothing if the server would
/// not read it as that value.
std::optional<std::string> literal(const core::RemoteColumn& column, std::string_view value);

/// The condition with parameters, numbered in the order in which they stand there, in the place of integers that
/// columns of integers can have: a statement that has no others can be executed again for other ones. Their values are
/// added.
core::Expression with_parameters(const core::Expression& condition, const std::vector<core::RemoteColumn>& columns,
                                 std::vector<std::int64_t>& values);

/// False if no value of the column equals the constant. True if that is not known.
bool can_be_a_value(const core::RemoteColumn& column, std::string_view value);

}  // namespace connector::mysql
