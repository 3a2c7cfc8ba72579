#include "drivers/sqlserver/description.hpp"

#include <algorithm>
#include <charconv>

#include "drivers/sqlserver/dialect.hpp"

namespace connector::sqlserver {

namespace {

constexpr std::size_t max_columns = 4096;  // the most a SELECT can have
constexpr Task reading_catalog{core::Phase::describe, "could not read the catalog of the server"};

std::string text(const std::optional<std::string>& value) {
  return value.value_or("");
}

std::optional<std::int64_t> number(const std::optional<std::string>& value) {
  if (!value) return std::nullopt;
  std::int64_t result = 0;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), result);
  if (error != std::errc() || end != value->data() + value->size()) return std::nullopt;
  return result;
}

/// A parameter of EXEC must be one literal; but there a backslash at the end of a line means that the line goes on.
std::string describe_batch(std::string_view sql) {
  std::string literal = quote_literal(sql);
  std::size_t at = 0;
  bool is_split = false;
  while ((at = literal.find('\\', at)) != std::string::npos) {
    ++at;
    if (at < literal.size() && (literal[at] == '\n' || literal[at] == '\r')) {
      literal.insert(at, "' + N'");
      is_split = true;
    }
  }
  if (!is_split) return "EXEC sp_describe_first_result_set " + literal + ", NULL, 0";
  return "DECLARE @statement nvarchar(max) = CAST(N'' AS nvarchar(max)) + " + literal +
         "; EXEC sp_describe_first_result_set @statement, NULL, 0";
}

/// Columns of an answer by name: their number differs between versions.
class Columns {
 public:
  explicit Columns(const TextResult& result) : result_(result) {}

  const std::optional<std::string>& value(const TextRow& row, std::string_view name) const {
    const auto found = std::find(result_.names.begin(), result_.names.end(), name);
    if (found == result_.names.end()) throw_malformed("the server does not describe the statement");
    return row[static_cast<std::size_t>(found - result_.names.begin())];
  }

 private:
  const TextResult& result_;
};

ColumnFacts column_facts(const Columns& columns, const TextRow& row) {
  const auto integer = [&](std::string_view name) {
    return static_cast<int>(number(columns.value(row, name)).value_or(0));
  };
  ColumnFacts facts;
  facts.name = text(columns.value(row, "name"));
  facts.type_name = text(columns.value(row, "system_type_name"));
  facts.user_type = text(columns.value(row, "user_type_name"));
  facts.max_length = integer("max_length");
  facts.precision = integer("precision");
  facts.scale = integer("scale");
  facts.not_null = integer("is_nullable") == 0;
  return facts;
}

std::string kind_name(const std::string& type) {
  // sys.objects.type is char(2).
  return type.starts_with('V') ? "view" : "table";
}

}  // namespace

std::optional<std::vector<ColumnFacts>> describe_statement(Session& session, std::string_view sql, const Task& task) {
  std::vector<TextResult> results;
  try {
    results = session.query(describe_batch(sql), task, max_columns);
  } catch (const core::Error&) {
    // What is wrong with the statement is better told by itself.
    if (!session.connected() || !session.messages().has_server_error()) throw;
    return std::nullopt;
  }
  if (results.empty() || results[0].rows.empty()) return std::nullopt;
  const Columns columns(results[0]);
  std::vector<ColumnFacts> described;
  for (const TextRow& row : results[0].rows) {
    if (text(columns.value(row, "is_hidden")) == "1") continue;
    described.push_back(column_facts(columns, row));
  }
  return described;
}

void complete_from_catalog(Session& session, std::string_view database, std::string_view schema, std::string_view table,
                           std::vector<ColumnFacts>& columns) {
  const std::string sql =
      "SELECT CAST(COLUMN_NAME AS nvarchar(128)), CAST(IS_NULLABLE AS nvarchar(3)), CAST(DATA_TYPE AS nvarchar(128)) "
      "FROM " +
      quote_identifier(database) + ".INFORMATION_SCHEMA.COLUMNS WHERE TABLE_SCHEMA = " + quote_literal(schema) +
      " AND TABLE_NAME = " + quote_literal(table) + " ORDER BY ORDINAL_POSITION";
  const std::vector<TextResult> results = session.query(sql, reading_catalog, max_columns);
  if (results.size() != 1) throw_malformed("the server does not describe the table");
  const std::vector<TextRow>& rows = results[0].rows;
  if (rows.size() != columns.size()) return;  // not all may be seen
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (rows[i].size() != 3) throw_malformed("the server does not describe the table");
    ColumnFacts& column = columns[i];
    const std::string name = text(rows[i][0]);
    if (!name.starts_with(column.name)) continue;
    column.name = name;
    column.not_null = text(rows[i][1]) == "NO";
    if (column.type_name.empty()) column.user_type = text(rows[i][2]);
  }
}

TableFacts read_table_facts(Session& session, std::string_view database, std::string_view schema,
                            std::string_view table, const std::vector<ColumnFacts>& selected,
                            const core::TableParts& parts) {
  const std::string catalog = quote_identifier(database) + ".sys.";
  const std::string object = "OBJECT_ID(" + quote_literal(quote_table(database, schema, table)) + ")";
  const std::string sql =
      "SELECT c.column_id, CAST(c.name AS nvarchar(128)) FROM " + catalog + "columns c WHERE c.object_id = " + object +
      " ORDER BY c.column_id; SELECT ic.column_id FROM " + catalog + "indexes i JOIN " + catalog +
      "index_columns ic ON ic.object_id = i.object_id AND ic.index_id = i.index_id WHERE i.object_id = " + object +
      " AND i.is_primary_key = 1 ORDER BY ic.key_ordinal; SELECT p.minor_id, CAST(p.value AS nvarchar(4000)) FROM " +
      catalog + "extended_properties p WHERE p.class = 1 AND p.name = N'MS_Description' AND p.major_id = " + object +
      "; SELECT CAST(SUM(p.rows) AS nvarchar(20)) FROM " + catalog + "partitions p WHERE p.object_id = " + object +
      " AND p.index_id IN (0, 1); SELECT CAST(o.type AS nvarchar(2)) FROM " + catalog +
      "objects o WHERE o.object_id = " + object;
  const std::vector<TextResult> results = session.query(sql, reading_catalog, max_columns);
  if (results.size() != 5) throw_malformed("the server does not describe the table");
  // Babelfish's catalog has names of its own making, of which several may be alike.
  const bool by_position = session.is_babelfish() && results[0].rows.size() == selected.size();
  std::map<std::string, std::string> names;
  for (std::size_t i = 0; i < results[0].rows.size(); ++i) {
    const TextRow& row = results[0].rows[i];
    names[text(row[0])] = by_position ? selected[i].name : text(row.back());
  }
  TableFacts facts;
  for (const TextRow& row : results[1].rows) facts.primary_key.push_back(names[text(row[0])]);
  for (const TextRow& row : results[2].rows) {
    const std::string column = text(row[0]);
    (column == "0" ? facts.comment : facts.column_comments[names[column]]) = text(row.back());
  }
  if (!results[3].rows.empty()) facts.estimated_rows = number(results[3].rows[0][0]);
  if (!results[4].rows.empty()) facts.is_base_table = text(results[4].rows[0][0]).starts_with('U');
  facts.parts = read_table_parts(session, catalog, object, names, parts);
  return facts;
}

std::vector<core::RemoteTable> read_tables(Session& session, std::string_view database, std::string_view schema,
                                           std::int64_t limit) {
  const std::string catalog = quote_identifier(database) + ".sys.";
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(limit, 0));
  const std::string sql =
      "SELECT TOP (" + std::to_string(count) +
      ") CAST(s.name AS nvarchar(128)), CAST(o.name AS nvarchar(128)), CAST(o.type AS nvarchar(2)), "
      "CAST((SELECT SUM(p.rows) FROM " +
      catalog + "partitions p WHERE p.object_id = o.object_id AND p.index_id IN (0, 1)) AS nvarchar(20)) FROM " +
      catalog + "objects o JOIN " + catalog +
      "schemas s ON s.schema_id = o.schema_id WHERE o.type IN ('U', 'V') AND o.is_ms_shipped = 0 AND "
      "s.name = " +
      quote_literal(schema) + " ORDER BY s.name, o.name";
  const std::vector<TextResult> results = session.query(sql, {core::Phase::describe, "could not list tables"}, count);
  std::vector<core::RemoteTable> tables;
  if (results.empty()) return tables;
  for (const TextRow& row : results[0].rows) {
    if (row.size() != 4) throw_malformed("the server does not list its tables");
    tables.push_back({text(row[0]), text(row[1]), kind_name(text(row[2])), number(row[3])});
  }
  return tables;
}

}  // namespace connector::sqlserver
