// What the server tells of a table or query without running it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/provider.hpp"
#include "drivers/sqlserver/session.hpp"
#include "drivers/sqlserver/table_parts.hpp"
#include "drivers/sqlserver/types.hpp"

namespace connector::sqlserver {

/// The columns of a statement's first result. Nothing if the server can't or doesn't tell without running it (temporary
/// tables, dynamic SQL, an error in the statement). Throws Error if the connection fails. Not for Babelfish.
std::optional<std::vector<ColumnFacts>> describe_statement(Session& session, std::string_view sql, const Task& task);

/// What a result does not tell of a table's columns, or not reliably: NOT NULL, the names of CLR types, and names that
/// Babelfish cuts.
void complete_from_catalog(Session& session, std::string_view database, std::string_view schema, std::string_view table,
                           std::vector<ColumnFacts>& columns);

/// What the catalog tells of a table beside its columns.
struct TableFacts {
  std::vector<std::string> primary_key;
  std::map<std::string, std::string> column_comments;
  std::string comment;
  std::optional<std::int64_t> estimated_rows;
  bool is_base_table = false;  ///< no view
  TablePartsFacts parts;       ///< what was asked for
};

/// `selected`: all columns that SELECT * has.
TableFacts read_table_facts(Session& session, std::string_view database, std::string_view schema,
                            std::string_view table, const std::vector<ColumnFacts>& selected,
                            const core::TableParts& parts);

/// Tables and views of a schema by name, at most `limit`.
std::vector<core::RemoteTable> read_tables(Session& session, std::string_view database, std::string_view schema,
                                           std::int64_t limit);

}  // namespace connector::sqlserver
