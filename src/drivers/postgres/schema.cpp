#include "drivers/postgres/schema.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "drivers/postgres/catalog.hpp"
#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/snapshot.hpp"
#include "drivers/postgres/source.hpp"

namespace connector::postgres {

namespace {

/// So many that a query for each hardly counts, and so few that their descriptions take little memory.
constexpr std::size_t tables_at_once = 500;

struct ListedTable {
  core::RemoteTable table;
  Oid oid = 0;
};

std::vector<ListedTable> list(Session& session, std::string_view schema,
                              const std::function<bool(const core::RemoteTable&)>& wanted) {
  const auto answers = session.run(list_statements(session, schema, std::numeric_limits<std::int32_t>::max()),
                                   {core::Phase::describe, "could not list tables"});
  std::vector<core::RemoteTable> tables = read_list(answers);
  const std::vector<Oid> oids = read_list_oids(answers);
  std::vector<ListedTable> listed;
  for (std::size_t i = 0; i < tables.size(); ++i) {
    if (wanted(tables[i])) listed.push_back({std::move(tables[i]), oids[i]});
  }
  return listed;
}

}  // namespace

void describe_schema(Session& session, std::string_view schema, const core::TableParts& parts,
                     const std::function<bool(const core::RemoteTable&)>& wanted,
                     const std::function<void(const core::DescribedTable&)>& found) {
  const int money_digits = begin_transaction(session).money_digits;
  WithinSnapshot step(session);
  const std::vector<ListedTable> listed = list(session, schema.empty() ? default_schema : schema, wanted);
  CatalogTypes types;
  for (std::size_t first = 0; first < listed.size(); first += tables_at_once) {
    const std::size_t end = std::min(listed.size(), first + tables_at_once);
    std::vector<Oid> oids;
    for (std::size_t i = first; i < end; ++i) oids.push_back(listed[i].oid);
    const std::map<Oid, CatalogTable> tables = read_relations(
        session.run(relation_statements(session, oids, parts), {core::Phase::describe, "could not describe tables"}),
        parts);
    std::vector<TypeUse> uses;
    for (const auto& [oid, table] : tables) {
      for (const CatalogColumn& column : table.columns) uses.push_back(column.use);
    }
    look_up_types(session, uses, types);
    for (std::size_t i = first; i < end; ++i) {
      const auto table = tables.find(listed[i].oid);
      if (table == tables.end()) continue;  // dropped meanwhile
      core::DescribedTable described{.table = listed[i].table, .description = {}, .problem = {}};
      try {
        const core::SourceRequest request{.schema = described.table.schema, .table = described.table.name};
        described.description = PostgresSource(session, request, table->second, types, money_digits).description();
      } catch (const core::Error& error) {
        // Names that are no UTF-8: nothing was asked of the server.
        described.problem = error.message();
      }
      found(described);
    }
  }
  step.done();
}

}  // namespace connector::postgres
