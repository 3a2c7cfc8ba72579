#include "drivers/mysql/catalog.hpp"

#include <algorithm>

#include "core/base/utf8.hpp"
#include "drivers/mysql/catalog_rows.hpp"
#include "drivers/mysql/dialect.hpp"
#include "drivers/mysql/table_parts.hpp"

namespace connector::mysql {

namespace {

using core::Phase;

/// A limit on an answer, against a server that never stops.
constexpr std::size_t max_collations = 65536;  // the protocol has two bytes for the number

void read_columns(CatalogRows& catalog, std::string_view table, const core::TableParts& parts, CatalogTable& result) {
  const ServerVersion& version = catalog.session().version();
  const std::string srid = version.at_least(80003, 0) ? "SRS_ID" : "NULL";
  const std::string generation = version.at_least(0, 100304) ? "GENERATION_EXPRESSION" : "NULL";
  const std::string default_text = parts.defaults ? "COLUMN_DEFAULT" : "NULL";
  const std::vector<TextRow> rows =
      catalog.about(table, {.columns = "COLUMN_NAME, COLUMN_TYPE, COLUMN_COMMENT, EXTRA, " + srid + ", " + generation +
                                       ", " + default_text + ", COLLATION_NAME",
                            .view = "COLUMNS",
                            .more = " ORDER BY TABLE_SCHEMA, TABLE_NAME, ORDINAL_POSITION"});
  std::vector<std::string> row_times;
  for (const TextRow& row : rows) {
    result.columns.push_back({
        .name = text(row[2]),
        .type = text(row[3]),
        .comment = text(row[4]),
        .is_invisible = text(row[5]).find("INVISIBLE") != std::string::npos,
        .srid = static_cast<std::int32_t>(number(row[6]).value_or(0)),
        .default_facts = {.column_type = text(row[3]),
                          .text = row[8],
                          .extra = text(row[5]),
                          .is_sql = version.at_least(0, 100207),
                          .in_zone_of_its_maker = version.at_least(80000, 0)},
        .collation = text(row[9]),
    });
    if (text(row[7]).starts_with("ROW ")) row_times.push_back(text(row[2]));
  }
  KeysOfTable keys = read_keys(catalog, table, parts.indexes);
  for (std::string& name : keys.primary_key) {
    // The end of a row's time is part of the key for the sake of rows that are history.
    if (std::ranges::find(row_times, name) == row_times.end()) result.primary_key.push_back(std::move(name));
  }
  result.indexes = std::move(keys.indexes);
}

bool is_table(const std::optional<std::string>& table_type) {
  return table_type == "BASE TABLE" || table_type == "SYSTEM VERSIONED";
}

void read_table(CatalogRows& catalog, std::string_view table, CatalogTable& result) {
  const std::vector<TextRow> rows =
      catalog.about(table, {.columns = "TABLE_TYPE, TABLE_COMMENT, TABLE_ROWS", .view = "TABLES"});
  if (rows.empty()) return;
  result.is_view = !is_table(rows[0][2]);
  if (!result.is_view) result.comment = text(rows[0][3]);  // a view's is the word VIEW
  result.estimated_rows = number(rows[0][4]);
}

/// MariaDB's JSON is longtext with a check. From 10.5.2 on the metadata of a result tell; before, only the check.
void read_json_checks(CatalogRows& catalog, std::string_view table, CatalogTable& result) {
  const ServerVersion& version = catalog.session().version();
  if (!version.at_least(0, 100310) || version.at_least(0, 100502)) return;
  const std::vector<TextRow> rows = catalog.about(
      table, {.columns = "CHECK_CLAUSE", .view = "CHECK_CONSTRAINTS", .schema_column = "CONSTRAINT_SCHEMA"});
  for (CatalogColumn& column : result.columns) {
    const std::string check = core::lower_ascii("json_valid(" + quote_identifier(column.name) + ')');
    column.is_json =
        std::ranges::any_of(rows, [&](const TextRow& row) { return core::lower_ascii(text(row[2])) == check; });
  }
}

std::string kind_of(const std::string& table_type) {
  if (is_table(table_type)) return "table";
  if (table_type == "VIEW" || table_type == "SYSTEM VIEW") return "view";
  return core::lower_ascii(table_type);
}

}  // namespace

bool can_be_a_name(std::string_view text) noexcept {
  return std::ranges::none_of(text, [](unsigned char byte) { return byte >= 0xf0; });
}

const CatalogColumn* find_column(const CatalogTable& table, std::string_view name) {
  const auto found = std::ranges::find(table.columns, name, &CatalogColumn::name);
  return found == table.columns.end() ? nullptr : &*found;
}

CatalogTable read_catalog(CatalogRows& catalog, std::string_view table, const core::TableParts& parts) {
  CatalogTable result;
  read_columns(catalog, table, parts, result);
  read_table(catalog, table, result);
  read_json_checks(catalog, table, result);
  if (parts.foreign_keys && !result.is_view) result.foreign_keys = read_foreign_keys(catalog, table);
  return result;
}

bool is_of_innodb(Session& session, std::string_view schema, std::string_view table) {
  const std::vector<TextRow> rows = read_about(
      session, schema, table,
      {.columns = "ENGINE", .view = "TABLES", .more = " AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"});
  return rows.size() == 1 && text(rows[0][2]) == "InnoDB";
}

std::optional<std::string> read_change_mark(Session& session, std::string_view schema, std::string_view table) {
  // MySQL 8 and later would tell what it knew yesterday.
  if (session.version().at_least(80000, 0)) {
    session.execute("SET SESSION information_schema_stats_expiry = 0", Phase::describe);
  }
  // - Aria writes the time when the table is flushed, MyISAM with mapped files perhaps never.
  // - TRUNCATE of an InnoDB table of MariaDB leaves the time as it is: an empty table is told apart by its row.
  // - Partitions can be emptied and exchanged without a trace, and so can a table that is exchanged for one: its
  //   measures tell then.
  const std::vector<TextRow> rows = read_about(
      session, schema, table,
      {.columns = "CONCAT_WS('/', ENGINE, CREATE_TIME, UPDATE_TIME, AUTO_INCREMENT, TABLE_ROWS, DATA_LENGTH, "
                  "INDEX_LENGTH, EXISTS (SELECT 1 FROM " +
                  quote_table(schema, table) + "))",
       .view = "TABLES",
       .more = " AND TABLE_TYPE = 'BASE TABLE' AND CREATE_OPTIONS NOT LIKE '%partitioned%' AND (ENGINE = 'InnoDB' OR "
               "ENGINE = 'MyISAM' AND @@myisam_use_mmap = 0) AND UPDATE_TIME < NOW() - INTERVAL 2 SECOND"});
  return rows.size() == 1 ? rows[0][2] : std::nullopt;
}

std::map<unsigned, Charset> read_charsets(Session& session) {
  // From MariaDB 10.10.1 on a collation's name may stand for several character sets; COLLATIONS has no number for it.
  const std::string collations = session.version().at_least(0, 101001)
                                     ? "information_schema.COLLATION_CHARACTER_SET_APPLICABILITY"
                                     : "information_schema.COLLATIONS";
  std::map<unsigned, Charset> charsets;
  for (const TextRow& row : session.query("SELECT c.ID, s.CHARACTER_SET_NAME, s.MAXLEN FROM " + collations +
                                              " c JOIN information_schema.CHARACTER_SETS s ON s.CHARACTER_SET_NAME = "
                                              "c.CHARACTER_SET_NAME",
                                          Phase::describe, max_collations)) {
    charsets[static_cast<unsigned>(number(row[0]).value_or(0))] = {text(row[1]),
                                                                   static_cast<unsigned>(number(row[2]).value_or(0))};
  }
  return charsets;
}

std::vector<core::RemoteTable> read_tables(Session& session, std::string_view schema, std::int64_t limit) {
  if (!can_be_a_name(schema)) return {};
  std::string sql = "SELECT TABLE_SCHEMA, TABLE_NAME, TABLE_TYPE, TABLE_ROWS FROM information_schema.TABLES WHERE ";
  if (schema.empty()) {
    sql += "TABLE_SCHEMA NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')";
  } else {
    sql += "TABLE_SCHEMA = " + quote_literal(schema);
  }
  const auto count = static_cast<std::size_t>(std::max<std::int64_t>(limit, 0));
  sql += " ORDER BY TABLE_SCHEMA, TABLE_NAME LIMIT " + std::to_string(count);
  std::vector<core::RemoteTable> tables;
  for (const TextRow& row : session.query(sql, Phase::describe, count)) {
    core::RemoteTable& table = tables.emplace_back();
    table.schema = text(row[0]);
    table.name = text(row[1]);
    table.kind = kind_of(text(row[2]));
    table.estimated_rows = number(row[3]);
    table.only_by_name = table.kind != "table" && table.kind != "view";  // MariaDB's sequences
  }
  return tables;
}

}  // namespace connector::mysql
