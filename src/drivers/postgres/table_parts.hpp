// Indexes and foreign keys of a table.
#pragma once

#include <string>
#include <vector>

#include "core/remote/table_parts.hpp"
#include "drivers/postgres/session.hpp"

namespace connector::postgres {

/// An index before the names of its columns are known.
struct CatalogIndex {
  struct Column {
    int number = 0;  ///< pg_attribute.attnum; 0 = an expression
    bool descending = false;
    bool nulls_first = false;
  };
  core::RemoteIndex index;  ///< all but the columns
  std::vector<Column> columns;
  std::vector<int> included;
};

/// Likewise.
struct CatalogForeignKey {
  core::RemoteForeignKey key;  ///< all but the own columns
  std::vector<int> columns;
};

/// Queries to be run with a search_path of pg_catalog; `oid` is an expression for that of the table.
std::string index_query(const Session& session, const std::string& oid);
std::string foreign_key_query(const Session& session, const std::string& oid);

/// Read their answers.
std::vector<CatalogIndex> read_indexes(const std::vector<TextRow>& rows);
std::vector<CatalogForeignKey> read_foreign_keys(const std::vector<TextRow>& rows);

}  // namespace connector::postgres
