// What a server's catalog tells of tables.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/provider.hpp"
#include "drivers/hive/session.hpp"

namespace connector::hive {

struct CatalogColumn {
  bool not_null = false;
  std::string comment;
};

struct CatalogTable {
  std::map<std::string, CatalogColumn> columns;  ///< by lower-case name
  std::string comment;
  bool is_table = false;  ///< and no view
};

/// Comments and constraints of a table. `schema` must not be empty.
CatalogTable read_catalog(Session& session, std::string_view schema, std::string_view table);

/// Tables and views of a schema, ordered by name, at most `limit`.
/// The lower-case names of the columns by which a table (its name, quoted) is partitioned, as DESCRIBE tells them.
std::set<std::string> read_partition_columns(Session& session, const std::string& table);

std::vector<core::RemoteTable> read_tables(Session& session, std::string_view schema, std::int64_t limit);

}  // namespace connector::hive
