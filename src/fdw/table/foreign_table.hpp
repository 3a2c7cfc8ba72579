// A foreign table, and what the remote's description of it means here.
#pragma once

#include "pg/postgres.hpp"

#include <memory>
#include <optional>
#include <vector>

#include "core/remote/source.hpp"
#include "fdw/table/options.hpp"
#include "load/read/local_type.hpp"

extern "C" {
#include "access/attnum.h"
}

namespace connector::fdw {

/// The columns of a foreign table that a condition can be about: by attribute number, counted from 1, the index in
/// SourceDescription::columns; nothing for those whose values here are not the remote's.
using ComparableColumns = std::vector<std::optional<std::size_t>>;

/// What the catalog says of a foreign table.
struct ForeignTable {
  Oid oid = InvalidOid;
  Oid server = InvalidOid;
  TableOptions options;
  std::vector<AttrNumber> attributes;  ///< of the columns in options.request, in their order
  std::vector<load::LocalType> types;  ///< as which they are declared
  std::size_t attribute_count = 0;     ///< dropped columns included
};

/// Kept until the table, or a server, changes. Throws what table_options() throws.
std::shared_ptr<const ForeignTable> foreign_table(Oid oid);

/// What the values of a column are when they arrive. If the declared type takes every value of the remote's type as it
/// is (text instead of varchar(20)), that is the declared one.
load::LocalType arriving_type(const core::RemoteColumn& column, const load::LocalType& declared);

/// What a table makes of a condition that the remote has a use for. `is_partial`: what was read of it lacks a part.
core::Support sent_support(const ForeignTable& table, core::Support support, bool is_partial);

/// The columns whose values are the remote's own.
ComparableColumns comparable_columns(const ForeignTable& table, const core::SourceDescription& description);

}  // namespace connector::fdw
