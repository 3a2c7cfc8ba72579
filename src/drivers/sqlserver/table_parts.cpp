#include "drivers/sqlserver/table_parts.hpp"

#include <utility>

#include "core/base/utf8.hpp"

namespace connector::sqlserver {

namespace {

/// A limit against a server that never stops: a thousand indexes of 32 columns, and as many of the rest.
constexpr std::size_t max_rows = 65536;
constexpr Task reading_parts{core::Phase::describe, "could not read the catalog of the server"};

/// A value of a row; a column that is missing is an Error.
std::string value(const TextRow& row, std::size_t column) {
  if (column >= row.size()) throw_malformed("the server does not describe the table");
  return row[column].value_or("");
}

std::string name_of(const TextRow& row, std::size_t column) {
  const std::string name = value(row, column);
  return core::is_text(name) ? name : core::shown_text(name);
}

class PartsReader {
 public:
  explicit PartsReader(const std::map<std::string, std::string>& column_names) : column_names_(column_names) {}

  void read_default(const TextRow& row) {
    const std::string column = column_name(value(row, 0));
    if (value(row, 1) == "1") facts.identity_columns.push_back(column);
    if (!value(row, 2).empty()) facts.default_definitions[column] = value(row, 2);
  }

  void read_index(const TextRow& row) {
    const std::string name = name_of(row, 0);
    std::vector<core::RemoteIndex>& indexes = facts.indexes;
    if (indexes.empty() || indexes.back().name != name) {
      core::RemoteIndex& index = indexes.emplace_back();
      index.name = name;
      index.unique = value(row, 3) == "1";
      index.nulls_equal = index.unique;
      index.left_out_reason = left_out_reason(row);
    }
    const std::string column = column_name(value(row, 6));
    if (value(row, 8) == "1") {
      indexes.back().included.push_back(column);
    } else if (value(row, 9) != "0") {  // else it is only there because it decides on the partition
      indexes.back().columns.push_back({.name = column, .descending = value(row, 7) == "1"});
    }
  }

  void read_foreign_key(const TextRow& row) {
    const std::string name = name_of(row, 0);
    std::vector<core::RemoteForeignKey>& keys = facts.foreign_keys;
    if (keys.empty() || keys.back().name != name) {
      core::RemoteForeignKey& key = keys.emplace_back();
      key.name = name;
      key.on_delete = action_of(value(row, 1));
      key.on_update = action_of(value(row, 2));
      if (value(row, 3) == "1") {
        key.left_out_reason = "it is disabled";
      } else if (value(row, 4) == "1") {
        key.left_out_reason = "rows were not checked by it";
      }
      if (value(row, 5) != value(row, 6)) key.schema = name_of(row, 7);
      key.table = name_of(row, 8);
    }
    keys.back().columns.push_back(column_name(value(row, 9)));
    keys.back().referenced_columns.push_back(name_of(row, 10));
  }

  TablePartsFacts facts;

 private:
  static std::string left_out_reason(const TextRow& row) {
    const std::string type = value(row, 1);
    if (type != "1" && type != "2") return "it is an index of the kind " + core::quoted(value(row, 2));
    if (value(row, 4) == "1") return "it is on some of the rows only";
    if (value(row, 5) == "1") return "it is disabled";
    return {};
  }

  static core::ForeignKeyAction action_of(const std::string& number) {
    if (number == "1") return core::ForeignKeyAction::cascade;
    if (number == "2") return core::ForeignKeyAction::set_null;
    if (number == "3") return core::ForeignKeyAction::set_default;
    return core::ForeignKeyAction::no_action;
  }

  std::string column_name(const std::string& number) const {
    const auto found = column_names_.find(number);
    return found == column_names_.end() ? std::string() : found->second;
  }

  const std::map<std::string, std::string>& column_names_;
};

std::string default_query(const std::string& catalog, const std::string& object) {
  // A definition that is cut is no constant any more: its closing parenthesis is missing.
  return "SELECT c.column_id, CAST(c.is_identity AS int), CAST(d.definition AS nvarchar(4000)) FROM " + catalog +
         "columns c LEFT JOIN " + catalog +
         "default_constraints d ON d.parent_object_id = c.object_id AND d.parent_column_id = c.column_id "
         "WHERE c.object_id = " +
         object + "; ";
}

std::string index_query(const std::string& catalog, const std::string& object) {
  return "SELECT CAST(i.name AS nvarchar(128)), CAST(i.type AS int), CAST(i.type_desc AS nvarchar(60)), "
         "CAST(i.is_unique AS int), CAST(i.has_filter AS int), CAST(i.is_disabled AS int), ic.column_id, "
         "CAST(ic.is_descending_key AS int), CAST(ic.is_included_column AS int), CAST(ic.key_ordinal AS int) FROM " +
         catalog + "indexes i JOIN " + catalog +
         "index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id WHERE i.object_id = " + object +
         " AND i.is_primary_key = 0 AND i.index_id > 0 AND i.is_hypothetical = 0 "
         "ORDER BY i.name, ic.key_ordinal, ic.index_column_id; ";
}

std::string foreign_key_query(const std::string& catalog, const std::string& object) {
  return "SELECT CAST(f.name AS nvarchar(128)), CAST(f.delete_referential_action AS int), "
         "CAST(f.update_referential_action AS int), CAST(f.is_disabled AS int), CAST(f.is_not_trusted AS int), "
         "t.schema_id, r.schema_id, CAST(s.name AS nvarchar(128)), CAST(r.name AS nvarchar(128)), fc.parent_column_id, "
         "CAST(rc.name AS nvarchar(128)) FROM " +
         catalog + "foreign_keys f JOIN " + catalog +
         "foreign_key_columns fc ON fc.constraint_object_id = f.object_id JOIN " + catalog +
         "objects t ON t.object_id = f.parent_object_id JOIN " + catalog +
         "objects r ON r.object_id = f.referenced_object_id JOIN " + catalog +
         "schemas s ON s.schema_id = r.schema_id JOIN " + catalog +
         "columns rc ON rc.object_id = f.referenced_object_id AND rc.column_id = fc.referenced_column_id "
         "WHERE f.parent_object_id = " +
         object + " ORDER BY f.name, fc.constraint_column_id; ";
}

}  // namespace

TablePartsFacts read_table_parts(Session& session, const std::string& catalog, const std::string& object,
                                 const std::map<std::string, std::string>& column_names,
                                 const core::TableParts& parts) {
  std::string sql;
  std::vector<void (PartsReader::*)(const TextRow&)> readers;
  if (parts.defaults) {
    sql += default_query(catalog, object);
    readers.push_back(&PartsReader::read_default);
  }
  if (parts.indexes) {
    sql += index_query(catalog, object);
    readers.push_back(&PartsReader::read_index);
  }
  if (parts.foreign_keys) {
    sql += foreign_key_query(catalog, object);
    readers.push_back(&PartsReader::read_foreign_key);
  }
  if (sql.empty()) return {};
  std::vector<TextResult> results;
  try {
    results = session.query(sql, reading_parts, max_rows);
  } catch (const core::Error&) {
    if (!session.connected() || !session.messages().has_server_error()) throw;
    return {};
  }
  if (results.size() != readers.size()) throw_malformed("the server does not describe the table");
  PartsReader reader(column_names);
  for (std::size_t i = 0; i < readers.size(); ++i) {
    for (const TextRow& row : results[i].rows) (reader.*readers[i])(row);
  }
  return std::move(reader.facts);
}

}  // namespace connector::sqlserver
