// How PostgreSQL writes names and literals, and as much of its lexical rules as it takes to put a query into COPY.
#pragma once

#include <string>
#include <string_view>

namespace connector::postgres {

/// A name in double quotes.
std::string quote_identifier(std::string_view name);
/// schema.table, quoted.
std::string quote_table(std::string_view schema, std::string_view table);
/// A string literal that means the same whatever standard_conforming_strings is.
std::string quote_literal(std::string_view text);

/// The text up to the first semicolon that ends a statement (PostgreSQL manual, "Lexical Structure"): not one in
/// quotes, dollar quotes, comments or parentheses (rules have such). All of the text if there is none.
std::string_view first_statement(std::string_view sql) noexcept;

/// True if the statement is one that COPY (…) takes: it begins, behind comments and opening parentheses, with SELECT,
/// WITH, VALUES or TABLE.
bool is_copyable(std::string_view sql) noexcept;

}  // namespace connector::postgres
