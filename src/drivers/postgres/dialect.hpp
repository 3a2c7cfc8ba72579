// Conditions and orders in PostgreSQL's SQL.
#pragma once

#include "core/remote/dialect.hpp"

namespace connector::postgres {

/// What decides how text is compared.
struct TextFacts {
  bool is_utf8 = true;         ///< its bytes are UTF-8, as the server stores them
  bool has_characters = true;  ///< the server knows which bytes are a character
};

/// The dialect for text of that kind. Its rules() are the same for all. It knows a column's collation by
/// RemoteColumn::collation: schema and name, not quoted; empty where it is not known whether there is one, as in
/// queries.
const core::Dialect& dialect(const TextFacts& facts = {});

}  // namespace connector::postgres
