#include "core/request/foreign_table_request.hpp"

#include <algorithm>
#include <string_view>

#include "core/base/list_text.hpp"
#include "core/request/common_parameters.hpp"
#include "core/request/connection_reader.hpp"
#include "core/request/connector_spec.hpp"
#include "core/request/masked_connector.hpp"
#include "core/request/names.hpp"

namespace connector::core {

namespace {

constexpr std::string_view keys[] = {"provider",     "connection",    "table",   "sql_query",     "import_as",
                                     "schema",       "encoding",      "columns", "target_schema", "collision_strategy",
                                     "column_names", "invalid_values"};

std::string literal(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') result += c;
    result += c;
  }
  return result + '\'';
}

/// The statements that give a server of this provider such a connection.
std::string server_statements(const ProviderInfo& info, const ConnectionOptions& connection) {
  std::string of_server = "provider " + literal(info.id);
  std::string of_mapping;
  for (const ParameterInfo& parameter : info.connection_parameters) {
    const auto given = connection.find(parameter.name);
    if (given == connection.end()) continue;
    const bool is_hidden = parameter.secret || may_hold_a_secret(given->second);
    const bool is_login = parameter.secret || parameter.name == "username";
    add_item(is_login ? of_mapping : of_server,
             std::string(parameter.name) + " " + (is_hidden ? "'...'" : literal(given->second)));
  }
  const std::string database = option(connection, "database");
  const bool is_name = !is_blank(database) && !may_hold_a_secret(database);
  const std::string name = normalize_table_name(is_name ? std::string_view(database) : info.id);
  if (!of_mapping.empty()) of_mapping = " OPTIONS (" + of_mapping + ")";
  return "CREATE SERVER " + name + " FOREIGN DATA WRAPPER connector OPTIONS (" + of_server +
         "); CREATE USER MAPPING FOR CURRENT_USER SERVER " + name + of_mapping + "; \"connection\": \"" + name +
         "\" names it then.";
}

}  // namespace

void refuse_keys_of_imports(const ObjectReader& reader, Problems& problems) {
  for (const ParameterInfo& parameter : common_parameters()) {
    if (reader.value(parameter.name) == nullptr || std::ranges::find(keys, parameter.name) != std::end(keys)) continue;
    const std::string name(parameter.name);
    problems.add(name, "Key \"" + name + "\" is for imports: a foreign table has no rows of its own.");
  }
}

void refuse_connection_object(const JsonValue& connection, const ProviderInfo* info, Problems& problems) {
  problems.add(
      "connection",
      "Key \"connection\" of a foreign table must be the name of a foreign server: whoever reads the table logs "
      "in by a user mapping.");
  if (info == nullptr) return;
  ConnectorSpec spec;
  Problems others;  // matter only if the object were used
  read_connection(connection, *info, spec, others);
  problems.advise(server_statements(*info, spec.connection));
}

}  // namespace connector::core
