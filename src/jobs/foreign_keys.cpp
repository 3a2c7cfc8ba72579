#include "jobs/foreign_keys.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "core/request/names.hpp"
#include "load/table/kept_parts.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/notice.hpp"
#include "pg/relation.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "utils/lsyscache.h"
}

namespace connector::jobs {

using Json = nlohmann::ordered_json;

namespace {

Json key_json(const load::PlannedForeignKey& planned) {
  const core::RemoteForeignKey& key = planned.key;
  return {{"name", key.name},
          {"columns", planned.columns},
          {"schema", key.schema},
          {"table", key.table},
          {"referenced_columns", key.referenced_columns},
          {"on_delete", core::foreign_key_action_words.of(key.on_delete)},
          {"on_update", core::foreign_key_action_words.of(key.on_update)},
          {"match_full", key.match_full},
          {"deferrable", key.deferrable},
          {"initially_deferred", key.initially_deferred}};
}

core::ForeignKeyAction action(const Json& word) {
  return core::foreign_key_action_words.find(word.get<std::string>()).value();
}

load::PlannedForeignKey read_key(const Json& json) {
  load::PlannedForeignKey planned;
  planned.columns = json.at("columns").get<std::vector<std::string>>();
  core::RemoteForeignKey& key = planned.key;
  key.name = json.at("name");
  key.schema = json.at("schema");
  key.table = json.at("table");
  key.referenced_columns = json.at("referenced_columns").get<std::vector<std::string>>();
  key.on_delete = action(json.at("on_delete"));
  key.on_update = action(json.at("on_update"));
  key.match_full = json.at("match_full");
  key.deferrable = json.at("deferrable");
  key.initially_deferred = json.at("initially_deferred");
  return planned;
}

const std::string& schema_of(const core::RemoteForeignKey& key, const ImportedTable& table) {
  return key.schema.empty() ? table.source_schema : key.schema;
}

/// Local names of columns of a table that is here already, if they can be told without knowing its other columns:
/// one whose name another column's may have become can't.
std::optional<std::vector<std::string>> usual_names(Oid table, const std::vector<std::string>& names,
                                                    core::ColumnNames naming) {
  if (naming == core::ColumnNames::verbatim) return core::verbatim_column_names(names);
  std::vector<std::string> usual;
  for (const std::string& name : names) {
    const std::vector<std::string> twins = core::normalize_column_names({name, name});
    const std::string second = pg::exact_server_text(twins[1]);
    if (pg::guard([&] { return get_attnum(table, second.c_str()) != InvalidAttrNumber; })) return std::nullopt;
    usual.push_back(twins[0]);
  }
  return usual;
}

/// What a foreign key refers to here.
struct Referenced {
  Oid table = InvalidOid;
  std::vector<std::string> columns;  ///< empty if one of them is not here
};

/// What has the table's name now; InvalidOid if it is gone. It may be somebody else's.
Oid present_table(const ImportedTable& table) {
  return pg::guard([&] {
    Oid found = table.table;
    if (!OidIsValid(found)) {
      const Oid schema = get_namespace_oid(table.local_schema.c_str(), true);
      if (OidIsValid(schema)) found = get_relname_relid(table.local_table.c_str(), schema);
    }
    return found;
  });
}

Referenced among_imported(const ImportedTable& other, const std::vector<std::string>& names) {
  const Oid found = present_table(other);
  if (other.owner && pg::guard([&] { return pg::owner_of(found); }) != *other.owner) return {};
  std::vector<std::string> columns;
  for (const std::string& name : names) {
    const auto column = other.columns.find(name);
    if (column == other.columns.end()) return {found, {}};
    columns.push_back(column->second);
  }
  return {found, std::move(columns)};
}

Referenced find_referenced(const ImportedTable& table, const core::RemoteForeignKey& key,
                           const std::vector<ImportedTable>& others) {
  const auto other = std::ranges::find_if(others, [&](const ImportedTable& candidate) {
    return candidate.source_table == key.table && candidate.source_schema == schema_of(key, table);
  });
  if (other != others.end()) return among_imported(*other, key.referenced_columns);
  // A table of another schema there may have any name, and any schema, here.
  if (schema_of(key, table) != table.source_schema) return {};
  const std::string name = pg::exact_server_text(core::normalize_table_name(key.table));
  const Oid found = pg::guard([&] {
    const Oid schema = OidIsValid(table.schema) ? table.schema : get_namespace_oid(table.local_schema.c_str(), true);
    return OidIsValid(schema) ? get_relname_relid(name.c_str(), schema) : InvalidOid;
  });
  if (!OidIsValid(found)) return {};
  // Whoever else owns it could delete this table's rows by way of ON DELETE CASCADE.
  if (pg::guard([&] { return pg::owner_of(found); }) != GetUserId()) {
    throw core::Error(core::ErrorNumber::cannot_load,
                      "table " + core::quoted(key.table) + ", to which it refers, belongs to another role here");
  }
  std::optional<std::vector<std::string>> columns = usual_names(found, key.referenced_columns, table.naming);
  if (!columns) throw core::Error(core::ErrorNumber::cannot_load, "which columns it refers to can't be told here");
  return {found, std::move(*columns)};
}

std::optional<std::string> add(Oid present, const ImportedTable& table, const load::PlannedForeignKey& planned,
                               const std::vector<ImportedTable>& others) {
  const core::RemoteForeignKey& key = planned.key;
  try {
    const Referenced referenced = find_referenced(table, key, others);
    if (referenced.table == InvalidOid) {
      return "table " + core::quoted(key.table) + ", to which it refers, is not here";
    }
    if (referenced.columns.size() != planned.columns.size() || planned.columns.empty()) {
      return "not all columns of table " + core::quoted(key.table) + ", to which it refers, are here";
    }
    return load::add_foreign_key(present, table.owner, planned, referenced.table, referenced.columns);
  } catch (const core::Error& error) {
    return error.message();
  }
}

}  // namespace

ImportedTable imported_table(const core::ConnectorSpec& spec, const ImportRun& run) {
  ImportedTable table;
  table.source_schema = spec.schema.value_or("");
  table.source_table = spec.table.value_or("");
  table.schema = run.schema.oid;
  table.table = run.result.table;
  table.naming = spec.column_names;
  table.columns = run.result.column_names;
  table.keys = run.result.foreign_keys;
  return table;
}

std::string references_text(const ImportedTable& table) {
  Json keys = Json::array();
  for (const load::PlannedForeignKey& key : table.keys) keys.push_back(key_json(key));
  const Json json = {{"schema", table.source_schema},
                     {"table", table.source_table},
                     {"column_names", core::column_names_words.of(table.naming)},
                     {"columns", table.columns},
                     {"keys", std::move(keys)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ImportedTable read_references(const std::string& text) {
  const Json json = Json::parse(text);
  ImportedTable table;
  table.source_schema = json.at("schema");
  table.source_table = json.at("table");
  table.naming = core::column_names_words.find(json.at("column_names").get<std::string>()).value();
  table.columns = json.at("columns").get<load::ColumnNames>();
  for (const Json& key : json.at("keys")) table.keys.push_back(read_key(key));
  return table;
}

std::vector<std::string> add_foreign_keys(const ImportedTable& table, const std::vector<ImportedTable>& others) {
  std::vector<std::string> problems;
  const Oid present = present_table(table);
  if (!OidIsValid(present)) return problems;  // somebody has dropped it
  for (const load::PlannedForeignKey& key : table.keys) {
    if (const auto problem = add(present, table, key, others)) {
      problems.push_back("foreign key " + core::quoted(key.key.name) + " is left out: " + *problem);
    }
  }
  return problems;
}

std::vector<std::string> add_foreign_keys(const core::ConnectorSpec& spec, const ImportRun& run, Oid caller) {
  const pg::ActAs restricted(GetUserId(), pg::flags_for_code_of(GetUserId(), caller));
  const ImportedTable table = imported_table(spec, run);
  std::vector<std::string> problems = add_foreign_keys(table, {table});
  for (const std::string& problem : problems) pg::warning(problem);
  return problems;
}

}  // namespace connector::jobs
