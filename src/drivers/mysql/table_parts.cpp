#include "drivers/mysql/table_parts.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "core/base/utf8.hpp"
#include "drivers/mysql/catalog_rows.hpp"
#include "drivers/mysql/dialect.hpp"
#include "drivers/mysql/shown_rules.hpp"

namespace connector::mysql {

namespace {

constexpr std::string_view primary = "PRIMARY";  // only the index of the primary key may have that name

/// A name as it may stand in a message and in SQL.
std::string name_of(const std::optional<std::string>& value) {
  return core::is_text(text(value)) ? text(value) : core::shown_text(text(value));
}

/// Rows of STATISTICS behind schema and table.
enum IndexColumn : std::size_t { index_name = 2, position, column, not_unique, sub_part, collation, kind, expression };

void add_column(const TextRow& row, core::RemoteIndex& index) {
  const std::string type = core::lower_ascii(text(row[kind]));
  index.name = name_of(row[index_name]);
  index.unique = row[not_unique] == "0";
  // A hash index of PostgreSQL's has one column and is not unique: a B-tree can do what it can't.
  index.method = core::IndexMethod::btree;
  if (type == "hash" && !index.unique && index.columns.empty()) index.method = core::IndexMethod::hash;
  if (type == "spatial" || type == "rtree") index.method = core::IndexMethod::gist;
  const std::string name = name_of(row[column]);
  index.columns.push_back({.name = name, .descending = row[collation] == "D"});
  if (!index.left_out_reason.empty()) return;
  if (type == "fulltext") {
    index.left_out_reason = "it is a full-text index";
  } else if (type != "btree" && type != "hash" && index.method != core::IndexMethod::gist) {
    index.left_out_reason = "it is an index of the kind " + core::quoted(type);
  } else if (row[expression] || !row[column]) {
    index.left_out_reason = "it is on an expression";
  } else if (row[sub_part] && index.method != core::IndexMethod::gist) {  // of a spatial one: the size of its boxes
    index.left_out_reason = "it covers only the beginning of column " + core::quoted(name);
  }
}

/// As an account that may only read the table sees them; nothing if it may read but some of the columns.
std::map<std::string, ForeignKeyRules> rules_for_readers(Session& session, std::string_view schema,
                                                         std::string_view table) {
  try {
    const std::vector<TextRow> shown =
        session.query("SHOW CREATE TABLE " + quote_table(schema, table), core::Phase::describe, 1);
    return shown.empty() || shown[0].size() < 2 ? std::map<std::string, ForeignKeyRules>()
                                                : shown_rules(text(shown[0][1]));
  } catch (const core::Error&) {
    if (!session.usable()) throw;
    return {};
  }
}

/// What happens to a row when the one that it refers to is deleted or gets another key.
void read_rules(CatalogRows& catalog, std::string_view table, std::map<std::string, core::RemoteForeignKey>& keys) {
  std::map<std::string, ForeignKeyRules> rules;
  for (const TextRow& row : catalog.about(table, {.columns = "CONSTRAINT_NAME, DELETE_RULE, UPDATE_RULE",
                                                 .view = "REFERENTIAL_CONSTRAINTS",
                                                 .schema_column = "CONSTRAINT_SCHEMA"})) {
    rules[text(row[2])] = {action_of(text(row[3])), action_of(text(row[4]))};
  }
  const bool all_seen = std::ranges::all_of(keys, [&](const auto& key) { return rules.contains(key.first); });
  if (!all_seen) rules = rules_for_readers(catalog.session(), catalog.schema(), table);
  for (auto& [name, key] : keys) {
    const auto found = rules.find(name);
    if (found == rules.end()) {
      key.left_out_reason = "this account can't see what it does when the row that it refers to changes";
    } else {
      key.on_delete = found->second.on_delete;
      key.on_update = found->second.on_update;
    }
  }
}

}  // namespace

KeysOfTable read_keys(CatalogRows& catalog, std::string_view table, bool with_indexes) {
  const std::string expressions = catalog.session().version().at_least(80013, 0) ? "EXPRESSION" : "NULL";
  const std::vector<TextRow> rows = catalog.about(
      table,
      {.columns = "INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE, SUB_PART, COLLATION, INDEX_TYPE, " + expressions,
       .view = "STATISTICS",
       .more = with_indexes ? "" : " AND INDEX_NAME = 'PRIMARY'"});
  std::map<std::string, std::map<std::int64_t, const TextRow*>> indexes;
  for (const TextRow& row : rows) indexes[text(row[index_name])][number(row[position]).value_or(0)] = &row;
  KeysOfTable keys;
  for (const auto& [name, columns] : indexes) {
    if (name == primary) {
      for (const auto& [place, row] : columns) keys.primary_key.push_back(text((*row)[column]));
    } else {
      core::RemoteIndex& index = keys.indexes.emplace_back();
      for (const auto& [place, row] : columns) add_column(*row, index);
    }
  }
  return keys;
}

std::vector<core::RemoteForeignKey> read_foreign_keys(CatalogRows& catalog, std::string_view table) {
  const std::vector<TextRow> columns = catalog.about(
      table,
      {.columns = "CONSTRAINT_NAME, ORDINAL_POSITION, COLUMN_NAME, REFERENCED_TABLE_SCHEMA, REFERENCED_TABLE_NAME, "
                  "REFERENCED_COLUMN_NAME",
       .view = "KEY_COLUMN_USAGE",
       .more = " AND REFERENCED_TABLE_NAME IS NOT NULL"});
  if (columns.empty()) return {};
  std::map<std::string, core::RemoteForeignKey> found;
  std::map<std::pair<std::string, std::int64_t>, const TextRow*> ordered;
  for (const TextRow& row : columns) ordered[{text(row[2]), number(row[3]).value_or(0)}] = &row;
  for (const auto& [place, row] : ordered) {
    core::RemoteForeignKey& key = found[place.first];
    key.name = name_of((*row)[2]);
    key.columns.push_back(name_of((*row)[4]));
    key.schema = (*row)[5] == (*row)[0] ? "" : name_of((*row)[5]);
    key.table = name_of((*row)[6]);
    key.referenced_columns.push_back(name_of((*row)[7]));
  }
  read_rules(catalog, table, found);
  std::vector<core::RemoteForeignKey> keys;
  for (auto& [name, key] : found) keys.push_back(std::move(key));
  return keys;
}

}  // namespace connector::mysql
