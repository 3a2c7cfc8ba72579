#include "drivers/mysql/schema.hpp"

#include <algorithm>
#include <limits>
#include <utility>
#include <vector>

#include "drivers/mysql/catalog.hpp"
#include "drivers/mysql/source.hpp"

namespace connector::mysql {

namespace {

/// So many that the questions about all of them hardly count, and so few that the answers take little memory.
constexpr std::size_t tables_at_once = 500;

core::DescribedTable describe(Session& session, CatalogRows& catalog, core::RemoteTable table,
                              const core::TableParts& parts) {
  core::DescribedTable described{.table = std::move(table), .description = {}, .problem = {}};
  try {
    const core::SourceRequest request{.schema = catalog.schema(), .table = described.table.name, .parts = parts};
    described.description = MysqlSource(session, request, {}, &catalog).description();
  } catch (const core::Error& error) {
    if (!session.usable()) throw;
    described.problem = error.message();
  }
  return described;
}

}  // namespace

void describe_schema(Session& session, const std::string& schema, const core::TableParts& parts,
                     const std::function<bool(const core::RemoteTable&)>& wanted,
                     const std::function<void(const core::DescribedTable&)>& found) {
  session.convert_results(true);
  std::vector<core::RemoteTable> tables = read_tables(session, schema, std::numeric_limits<std::int32_t>::max());
  // The catalog may compare names of schemas without regard to case.
  const auto is_exact = [&](const core::RemoteTable& table) { return table.schema == schema; };
  if (std::ranges::any_of(tables, is_exact)) std::erase_if(tables, std::not_fn(is_exact));
  std::erase_if(tables, std::not_fn(wanted));
  for (std::size_t first = 0; first < tables.size(); first += tables_at_once) {
    const std::size_t end = std::min(tables.size(), first + tables_at_once);
    std::vector<std::string> names;
    for (std::size_t i = first; i < end; ++i) names.push_back(tables[i].name);
    CatalogRows catalog(session, tables[first].schema, std::move(names));
    for (std::size_t i = first; i < end; ++i) found(describe(session, catalog, std::move(tables[i]), parts));
  }
}

}  // namespace connector::mysql
