// What the driver's functions of the catalog tell of tables.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/provider.hpp"
#include "drivers/odbc/session.hpp"

namespace connector::odbc {

/// A table's place: the parts that its database has.
struct TableName {
  std::string catalog;  ///< empty = not named
  std::string schema;   ///< likewise
  std::string table;
};

/// What is told of a column of a table.
struct CatalogColumn {
  bool not_null = false;
  std::string comment;
};

/// The parts that a request means by `schema`: the schema where the database has schemas, else the catalog.
TableName table_name(const DriverTraits& traits, std::string_view schema, std::string_view table);

/// Whether the driver tells that it is a table, and no view.
bool is_base_table(Session& session, const TableName& name);

/// Columns by their names; empty if the driver can't tell.
std::map<std::string, CatalogColumn> read_columns(Session& session, const TableName& name);

/// The columns of the primary key in its order; empty if there is none, or the driver can't tell.
std::vector<std::string> read_primary_key(Session& session, const TableName& name);

/// How many rows the driver thinks that the table has, without counting them.
std::optional<std::int64_t> read_estimate(Session& session, const TableName& name);

/// Tables and views, ordered by schema and name; of all schemas if `schema` is empty.
std::vector<core::RemoteTable> read_tables(Session& session, std::string_view schema, std::int64_t limit);

}  // namespace connector::odbc
