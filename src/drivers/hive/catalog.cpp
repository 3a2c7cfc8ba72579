#include "drivers/hive/catalog.hpp"

#include <algorithm>
#include <functional>

#include "core/base/utf8.hpp"
#include "drivers/hive/dialect.hpp"

namespace connector::hive {

namespace {

constexpr std::int64_t rows_at_once = 1000;
/// A limit on answers, against a server that never stops.
constexpr std::size_t max_rows = 10'000'000;

/// Results of GetTables and GetColumns have the columns of JDBC's DatabaseMetaData, by these names.
class CatalogRows {
 public:
  explicit CatalogRows(const rpc::TableSchema& schema) : schema_(schema) {}
  /// The text of a column; empty if it is null, no text, or not there.
  std::string text(const ResultRows& rows, std::size_t row, std::string_view name) const {
    for (std::size_t i = 0; i < rows.columns.size(); ++i) {
      if (schema_.columns[i].columnName != name) continue;
      const ResultColumn& column = rows.columns[i];
      const bool is_text = column.kind() == WireKind::string || column.kind() == WireKind::binary;
      return is_text && !column.is_null(row) ? std::string(column.text(row)) : std::string();
    }
    return {};
  }

 private:
  const rpc::TableSchema& schema_;
};

using Take = std::function<void(const CatalogRows&, const ResultRows&, std::size_t row)>;

/// Reads the rows of the operation that was begun, and ends it.
void read_all(Session& session, const Task& task, const Take& take) {
  const rpc::TableSchema schema = session.result_schema(task);
  const CatalogRows names(schema);
  ResultRows rows;
  std::size_t total = 0;
  do {
    session.ask_for_rows(rows_at_once, schema.columns.size(), task);
    session.read_rows(rows, task);
    for (std::size_t row = 0; row < rows.rows; ++row) take(names, rows, row);
    total += rows.rows;
    if (total > max_rows) throw_malformed("the list of the server has no end", task);
  } while (rows.rows > 0);
  session.close_operation(task);
}

/// Names know no case in Hive; some servers keep it.
bool same_name(std::string_view a, std::string_view b) {
  return core::lower_ascii(a) == core::lower_ascii(b);
}

std::string kind_of(const std::string& table_type) {
  std::string type = core::lower_ascii(table_type);
  if (type == "view" || type == "virtual_view") return "view";
  if (type == "table" || type == "managed_table" || type == "external_table" || type.empty()) return "table";
  return type;
}

bool is_before(const core::RemoteTable& a, const core::RemoteTable& b) {
  return a.name < b.name;
}

/// Keeps the first `limit`.
void cut(std::vector<core::RemoteTable>& tables, std::size_t limit) {
  std::sort(tables.begin(), tables.end(), &is_before);
  if (tables.size() > limit) tables.resize(limit);
}

}  // namespace

CatalogTable read_catalog(Session& session, std::string_view schema, std::string_view table) {
  const Task task{core::Phase::describe, "could not read the catalog"};
  const std::string schema_pattern = escape_pattern(schema);
  const std::string table_pattern = escape_pattern(table);
  CatalogTable result;
  // Metastores have wildcards of their own, which can't be escaped.
  const auto is_asked = [&](const CatalogRows& names, const ResultRows& rows, std::size_t row) {
    return same_name(names.text(rows, row, "TABLE_NAME"), table) &&
           same_name(names.text(rows, row, "TABLE_SCHEM"), schema);
  };
  session.get_columns(schema_pattern, table_pattern, task);
  read_all(session, task, [&](const CatalogRows& names, const ResultRows& rows, std::size_t row) {
    if (!is_asked(names, rows, row)) return;
    result.columns[core::lower_ascii(names.text(rows, row, "COLUMN_NAME"))] = {
        .not_null = names.text(rows, row, "IS_NULLABLE") == "NO", .comment = names.text(rows, row, "REMARKS")};
  });
  session.get_tables(schema_pattern, table_pattern, task);
  read_all(session, task, [&](const CatalogRows& names, const ResultRows& rows, std::size_t row) {
    if (!is_asked(names, rows, row)) return;
    result.comment = names.text(rows, row, "REMARKS");
    result.is_table = kind_of(names.text(rows, row, "TABLE_TYPE")) == "table";
  });
  return result;
}

std::set<std::string> read_partition_columns(Session& session, const std::string& table) {
  const Task task{core::Phase::describe, "could not read the catalog"};
  session.execute("DESCRIBE " + table, task);
  // The columns of the table come first, then a title, a head, and these columns again.
  std::set<std::string> columns;
  bool is_behind_title = false;
  read_all(session, task, [&](const CatalogRows& names, const ResultRows& rows, std::size_t row) {
    const std::string name = names.text(rows, row, "col_name");
    if (is_behind_title && !name.empty() && !name.starts_with('#')) columns.insert(core::lower_ascii(name));
    if (name == "# Partition Information") is_behind_title = true;
  });
  return columns;
}

std::vector<core::RemoteTable> read_tables(Session& session, std::string_view schema, std::int64_t limit) {
  const Task task{core::Phase::describe, "could not list the tables"};
  const auto most = static_cast<std::size_t>(std::max<std::int64_t>(limit, 0));
  std::vector<core::RemoteTable> tables;
  session.get_tables(escape_pattern(schema), {}, task);
  read_all(session, task, [&](const CatalogRows& names, const ResultRows& rows, std::size_t row) {
    core::RemoteTable table{.schema = names.text(rows, row, "TABLE_SCHEM"),
                            .name = names.text(rows, row, "TABLE_NAME"),
                            .kind = kind_of(names.text(rows, row, "TABLE_TYPE")),
                            .estimated_rows = std::nullopt};
    if (!same_name(table.schema, schema)) return;
    tables.push_back(std::move(table));
    if (tables.size() >= 2 * most + 1000) cut(tables, most);
  });
  cut(tables, most);
  return tables;
}

}  // namespace connector::hive
