// How MySQL and MariaDB write names and literals. Every session has sql_mode = '' (connect.cpp): backticks quote
// names, backslashes escape in literals.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "core/remote/dialect.hpp"

namespace connector::mysql {

/// A name in backticks.
std::string quote_identifier(std::string_view name);
/// schema.table, quoted.
std::string quote_table(std::string_view schema, std::string_view table);
/// A string literal.
std::string quote_literal(std::string_view text);

/// The names of texts' collations by the columns' own, as far as they are known.
using Collations = std::map<std::string, std::string, std::less<>>;

/// How parameters are written.
enum class Parameters : unsigned char {
  numbered,  ///< $1, for people
  by_place   ///< ?, for the server, in the order in which they stand there
};

/// Conditions and orders on the columns of a source.
std::unique_ptr<core::Dialect> dialect_of(Collations collations, Parameters parameters);

}  // namespace connector::mysql
