// What the remote catalog tells.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/provider.hpp"
#include "drivers/postgres/session.hpp"
#include "drivers/postgres/table_parts.hpp"
#include "drivers/postgres/types.hpp"

namespace connector::postgres {

struct CatalogColumn {
  int number = 0;  ///< pg_attribute.attnum
  std::string name;
  std::string type;  ///< as format_type() prints it
  TypeUse use;
  bool not_null = false;
  std::string comment;
  std::string collation{};           ///< as RemoteColumn::collation has it
  std::string default_expression{};  ///< if defaults were asked for; not that of a generated column
  bool is_identity = false;
};

struct CatalogTable {
  std::vector<CatalogColumn> columns;
  std::vector<int> primary_key;  ///< numbers of its columns, in the order of the key
  std::string comment;
  std::optional<std::int64_t> estimated_rows;
  std::string relkind;  ///< as pg_class has it
  // What was asked for.
  std::vector<CatalogIndex> indexes;
  std::vector<CatalogForeignKey> foreign_keys;
};

/// Statements that describe a table or view, to be run at the begin of a transaction. They also lock it against
/// changes, as every query does, and fail where it must not be read.
std::string table_statements(const Session& session, std::string_view schema, std::string_view table,
                             const core::TableParts& parts);
/// Reads their answers.
CatalogTable read_table(const std::vector<std::vector<TextRow>>& answers, const core::TableParts& parts);

/// Likewise for many relations, by their OIDs, of which those that are gone are missing in the answer. They look at the
/// catalog only.
std::string relation_statements(const Session& session, const std::vector<Oid>& relations,
                                const core::TableParts& parts);
std::map<Oid, CatalogTable> read_relations(const std::vector<std::vector<TextRow>>& answers,
                                           const core::TableParts& parts);

/// Adds types to `catalog` until all that `uses` need are there.
void look_up_types(Session& session, const std::vector<TypeUse>& uses, CatalogTypes& catalog);

/// Tables and views of a schema that the role may read.
std::string list_statements(const Session& session, std::string_view schema, std::int64_t limit);
std::vector<core::RemoteTable> read_list(const std::vector<std::vector<TextRow>>& answers);
/// Their OIDs, in the same order.
std::vector<Oid> read_list_oids(const std::vector<std::vector<TextRow>>& answers);

/// Names as the server sends them, if their bytes really are in `encoding`, in UTF-8.
std::vector<std::string> reread_names(Session& session, std::vector<std::string> names, std::string_view encoding);

/// What the server counted of writes to the table (quoted, with schema) and its partitions, and where it stores them.
/// Nothing where it does not count, or not reliably: a view, a table whose rows policies choose, a standby, a server
/// before 15. A session tells of its writes some seconds after its commit, and not before the end of a transaction that
/// it begins right after that.
std::optional<std::string> read_change_mark(Session& session, const std::string& table);

}  // namespace connector::postgres
