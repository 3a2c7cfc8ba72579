// Text between PostgreSQL and C++: core speaks UTF-8, PostgreSQL the database's encoding.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <string_view>

namespace connector::pg {

/// UTF-8 text in the database's encoding. Characters that it lacks, NUL and invalid bytes become `?`. Throws nothing
/// but std::bad_alloc and looks nothing up, so that an error message can always be told: outside a transaction, and in
/// one that has failed.
std::string server_text(std::string_view utf8);

/// A name or value in the database's encoding as UTF-8. Throws core::Error (encoding) if it can't be converted, or is
/// no UTF-8 in a database of encoding SQL_ASCII.
std::string utf8_text(std::string_view server);

/// The contents of a `text` (or json) Datum, as UTF-8.
std::string datum_text(Datum text);

/// UTF-8 as a `text` Datum in the current memory context. Throws core::Error (encoding) if the database's encoding
/// lacks a character: for names and values, where losing one would be wrong.
Datum text_datum(std::string_view utf8);

/// UTF-8 in the database's encoding; throws core::Error (encoding) if a character is missing there, or the text is
/// invalid or holds a NUL.
std::string exact_server_text(std::string_view utf8);

/// True if the database's encoding is UTF8.
bool database_is_utf8() noexcept;

/// Whether the type is text, varchar or char(n).
bool is_text_type(Oid type) noexcept;

/// Whether texts of this collation (may be InvalidOid: of none) are ordered by their bytes in UTF-8. Throws PgError.
bool orders_by_utf8(Oid collation);

/// `name` quoted as an SQL identifier, both in the database's encoding. Always quotes, so it can't fail.
std::string quote_name(std::string_view name);

/// `schema.name`, each quoted.
std::string quote_qualified(std::string_view schema, std::string_view name);

/// `value` as an SQL string literal, E'' where it holds a backslash.
std::string quote_text(std::string_view value);

}  // namespace connector::pg
