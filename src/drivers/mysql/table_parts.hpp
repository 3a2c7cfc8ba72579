// Keys, indexes and foreign keys of a table.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/remote/table_parts.hpp"
#include "drivers/mysql/catalog_rows.hpp"

namespace connector::mysql {

struct KeysOfTable {
  std::vector<std::string> primary_key;  ///< columns in key order
  std::vector<core::RemoteIndex> indexes;
};

/// `with_indexes`: others than that of the primary key, too.
KeysOfTable read_keys(CatalogRows& catalog, std::string_view table, bool with_indexes);

std::vector<core::RemoteForeignKey> read_foreign_keys(CatalogRows& catalog, std::string_view table);

}  // namespace connector::mysql
