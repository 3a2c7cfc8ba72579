// Which local type a remote column gets, how it is asked for, and how its values are read: the one place that knows.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "core/rows/logical_type.hpp"
#include "drivers/postgres/builtin_types.hpp"

namespace connector::postgres {

/// What the remote catalog tells of a type that is not built in.
struct CatalogType {
  std::string schema = {};
  std::string name = {};
  char kind = 'b';    ///< pg_type.typtype
  Oid base_type = 0;  ///< of a domain
  std::int32_t base_modifier = -1;
  Oid element_type = 0;        ///< of an array; 0 = it is none
  std::string extension = {};  ///< that it belongs to; empty = none
};

using CatalogTypes = std::map<Oid, CatalogType>;

/// A type, with the modifier of a column ("typmod", -1 = none).
struct TypeUse {
  Oid oid = 0;
  std::int32_t modifier = -1;
};

struct ColumnRule {
  core::LogicalType type;
  core::ValueForm form = core::ValueForm::datum;
  Decode decode = Decode::bytes;
  std::string cast;  ///< what the column is cast to on the remote side; empty = nothing
};

/// The type behind a domain, or the type itself.
TypeUse base_of(TypeUse use, const CatalogTypes& catalog);

/// A type whose entry is missing in `catalog`: the column's own, or that of its base or element.
std::optional<Oid> missing_type(TypeUse use, const CatalogTypes& catalog);

/// How a column is read in binary form. `money_digits`: see TransactionFacts.
ColumnRule binary_rule(TypeUse use, const CatalogTypes& catalog, int money_digits);

/// How it is read where the statement can't be asked for casts: in text form.
ColumnRule text_rule(TypeUse use, const CatalogTypes& catalog);

/// The type in SQL, as far as it is known without the remote server's format_type().
std::string type_name(TypeUse use, const CatalogTypes& catalog);

}  // namespace connector::postgres
