// A table divided into parts for several connections: by ranges of a key.
#include "drivers/mysql/source.hpp"

#include <algorithm>
#include <map>

#include "core/base/list_text.hpp"
#include "core/remote/key_ranges.hpp"
#include "core/remote/key_values.hpp"
#include "drivers/mysql/catalog_rows.hpp"
#include "drivers/mysql/constants.hpp"
#include "drivers/mysql/dialect.hpp"

namespace connector::mysql {

using core::Phase;

namespace {

/// A column that is the first one of an index.
struct IndexedColumn {
  std::string index;
  std::string name;
  bool is_clustered = false;     ///< rows lie in its order
  std::int64_t cardinality = 0;  ///< about so many values
};

/// Rows lie in the order of the primary key; if there is none, of the first unique index whose columns are NOT NULL
/// ("Clustered and Secondary Indexes").
std::vector<IndexedColumn> indexed_columns(Session& session, std::string_view schema, std::string_view table) {
  enum Item : std::size_t { index = 2, column, place, not_unique, nullable, cardinality, is_whole };
  const ServerVersion& version = session.version();
  const std::string usable = version.at_least(80000, 0)    ? " AND IS_VISIBLE = 'YES'"
                             : version.at_least(0, 100600) ? " AND IGNORED = 'NO'"
                                                           : "";
  // MySQL 8 and later would tell how many values there were yesterday; but that is good enough here.
  const std::vector<TextRow> rows =
      read_about(session, schema, table,
                 {.columns = "INDEX_NAME, COLUMN_NAME, SEQ_IN_INDEX, NON_UNIQUE, NULLABLE, CARDINALITY, "
                             "COLUMN_NAME IS NOT NULL AND SUB_PART IS NULL",
                  .view = "STATISTICS",
                  .more = " AND INDEX_TYPE = 'BTREE'" + usable});
  std::map<std::string, bool> can_be_clustered;
  for (const TextRow& row : rows) {
    bool& can_be = can_be_clustered.try_emplace(text(row[index]), true).first->second;
    can_be = can_be && row[not_unique] == "0" && row[nullable] != "YES" && row[is_whole] == "1";
  }
  std::vector<IndexedColumn> columns;
  bool has_clustered = can_be_clustered.contains("PRIMARY");
  for (const TextRow& row : rows) {
    if (row[place] != "1" || row[is_whole] != "1") continue;
    const std::string name = text(row[index]);
    const bool is_clustered = name == "PRIMARY" || (!has_clustered && can_be_clustered[name]);
    has_clustered = has_clustered || is_clustered;
    columns.push_back({name, text(row[column]), is_clustered, number(row[cardinality]).value_or(0)});
  }
  return columns;
}

/// Whether rows can be read one by one from all over the table, as they are by other indexes than that in whose order
/// they lie: all of them stay in memory.
bool stays_in_memory(Session& session, std::string_view schema, std::string_view table) {
  const std::vector<TextRow> rows =
      read_about(session, schema, table, {.columns = "DATA_LENGTH <= @@innodb_buffer_pool_size / 4", .view = "TABLES"});
  return rows.size() == 1 && rows[0][2] == "1";
}

/// A minimum or maximum as a constant beside the column. Of dates, zeros and days that no month has become others near
/// by, since there is nothing between them that a range could begin with.
std::string extreme(const core::LogicalType& type, std::string value) {
  const bool is_moment = type.kind == core::TypeKind::timestamp || type.kind == core::TypeKind::timestamptz;
  if ((type.kind != core::TypeKind::date && !is_moment) || value.size() < 10) return value;
  if (value.starts_with("0000")) value.replace(0, 4, "0001");
  for (const std::size_t at : {std::size_t{5}, std::size_t{8}}) {
    if (value.compare(at, 2, "00") == 0) value.replace(at, 2, "01");
  }
  if (type.kind == core::TypeKind::timestamptz) value += "+00";
  if (!core::place_of(type, value)) value.replace(8, 2, "01");
  return value;
}

/// The rows that EXPLAIN tells of a UNION ALL, one number for each of its parts.
std::vector<double> told_rows(const std::vector<TextRow>& plan, std::size_t parts) {
  std::vector<double> told(parts);
  for (const TextRow& row : plan) {
    // Id, select_type, table, (partitions,) type, possible_keys, key, key_len, ref, rows, (filtered,) Extra
    const std::size_t rows = row.size() > 10 ? 9 : 8;
    const std::size_t part = static_cast<std::size_t>(number(row[0]).value_or(0));
    // None behind a condition that is never true, and in the line of the union itself, which has no number.
    if (part >= 1 && part <= parts) told[part - 1] = static_cast<double>(number(row[rows]).value_or(0));
  }
  return told;
}

}  // namespace

std::vector<std::string> MysqlSource::divide(std::size_t wanted) {
  if (table_.empty() || is_joined()) return {};
  try {
    if (!is_of_innodb()) return {};
    session_.convert_results(true);
    std::vector<IndexedColumn> columns = indexed_columns(session_, schema_name_, table_name_);
    std::ranges::stable_sort(columns, std::greater<>(), [](const IndexedColumn& column) {
      return std::pair(column.is_clustered, column.cardinality);
    });
    std::optional<bool> is_small;
    for (const IndexedColumn& column : columns) {
      if (!column.is_clustered) {
        if (column.cardinality < static_cast<std::int64_t>(4 * wanted)) continue;
        if (!is_small) is_small = stays_in_memory(session_, schema_name_, table_name_);
        if (!*is_small) continue;
      }
      std::vector<std::string> parts = divide_by(column.index, column.name, wanted);
      if (!parts.empty()) return parts;
    }
  } catch (const core::Error&) {
    // An account may be allowed to read some columns only.
    if (!session_.usable()) throw;
  }
  return {};
}

/// Empty if the column does not serve: its type, or what it has, can't be divided.
std::vector<std::string> MysqlSource::divide_by(const std::string& index, const std::string& name, std::size_t wanted) {
  const std::string column = quote_identifier(name);
  const std::vector<Field> fields =
      Statement(session_, "SELECT " + column + " FROM " + table_, Phase::describe, summary_).fields();
  if (fields.size() != 1) return {};
  const ColumnRule rule = column_rule(fields[0].facts, false, {}, std::nullopt);
  core::RemoteColumn described;
  described.name = name;
  described.remote_type = rule.remote_type;
  described.type = rule.type;
  described.not_null = fields[0].not_null;
  const Comparison comparison = comparison_of(described);
  using enum Comparison;
  if (comparison != integer && comparison != decimal && comparison != date) return {};
  if (!core::has_places(described.type)) return {};

  const std::vector<TextRow> extremes =
      session_.query("SELECT MIN(" + column + "), MAX(" + column + ") FROM " + table_, Phase::describe, 1, summary_);
  if (extremes.size() != 1 || extremes[0].size() != 2) return {};
  if (!extremes[0][0] || !extremes[0][1]) {
    return dialect().key_parts(column, described, std::vector<core::KeyRange>(1));
  }
  const std::string format = session_.version().at_least(80016, 0) ? "FORMAT = TRADITIONAL " : "";
  const auto estimate = [&](std::span<const core::KeyRange> ranges) {
    std::string unions;
    for (const core::KeyRange& range : ranges) {
      core::add_item(unions,
                     "SELECT " + column + " FROM " + table_ + " FORCE INDEX (" + quote_identifier(index) + ") WHERE " +
                         dialect().key_range(column, described, range).value_or("1 = 0"),
                     " UNION ALL ");
    }
    // The indexes of a part that tell the rows of a range look at some pages each.
    return told_rows(session_.query("EXPLAIN " + format + unions, Phase::describe, 2 * ranges.size() + 2, summary_),
                     ranges.size());
  };
  return dialect().key_parts(column, described,
                             core::divide_key(described.type, extreme(described.type, *extremes[0][0]),
                                              extreme(described.type, *extremes[0][1]), wanted, estimate));
}

}  // namespace connector::mysql
