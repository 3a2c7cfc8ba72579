#include "core/remote/provider.hpp"

#include <limits>

namespace connector::core {

void Connection::describe_schema(std::string_view schema, const TableParts& parts,
                                 const std::function<bool(const RemoteTable&)>& wanted,
                                 const std::function<void(const DescribedTable&)>& found) {
  for (const RemoteTable& table : list_tables(schema, std::numeric_limits<std::int32_t>::max())) {
    if (!wanted(table)) continue;
    DescribedTable described{.table = table, .description = {}, .problem = {}};
    try {
      described.description = describe({.schema = table.schema, .table = table.name, .parts = parts})->description();
    } catch (const Error& error) {
      if (!usable()) throw;
      described.problem = error.message();
    }
    found(described);
  }
}

}  // namespace connector::core
