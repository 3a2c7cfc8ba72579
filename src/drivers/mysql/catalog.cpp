#include "drivers/mysql/catalog.hpp"

#include <algorithm>
#include <charconv>

#include "core/utf8.hpp"
#include "drivers/mysql/dialect.hpp"

namespace connector::mysql {

namespace {

using core::Phase;

/// Limits on answers, against a server that never stops.
constexpr std::size_t max_columns = 2 * 4096;
constexpr std::size_t max_collations = 65536;  // the protocol has two bytes for the number

std::string text(const std::optional<std::string>& value) {
  return value.value_or("");
}

std::optional<std::int64_t> number(const std::optional<std::string>& value) {
  std::int64_t result = 0;
  if (!value) return std::nullopt;
  const auto [end, error] = std::from_chars(value->data(), value->data() + value->size(), result);
  if (error != std::errc()) return std::nullopt;
  return result;
}

/// Literals instead of names let the server open that one table, not all.
std::string table_condition(std::string_view alias, std::string_view schema, std::string_view table) {
  const std::string prefix = std::string(alias) + '.';
  return prefix + "TABLE_SCHEMA = " + quote_literal(schema) + " AND " + prefix + "TABLE_NAME = " + quote_literal(table);
}

/// Comparisons in information_schema may ignore case, and so match two tables of a server that tells case apart.
void keep_exact_table(std::vector<TextRow>& rows, std::string_view table) {
  const auto is_exact = [&](const TextRow& row) { return row[0] == table; };
  if (std::any_of(rows.begin(), rows.end(), is_exact)) {
    std::erase_if(rows, [&](const TextRow& row) { return !is_exact(row); });
  }
}

void read_columns(Session& session, std::string_view schema, std::string_view table, CatalogTable& result) {
  const std::string srid = session.version().at_least(80003, 0) ? "c.SRS_ID" : "NULL";
  std::vector<TextRow> rows =
      session.query("SELECT c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, c.COLUMN_COMMENT, s.SEQ_IN_INDEX, " + srid +
                        " FROM information_schema.COLUMNS c LEFT JOIN information_schema.STATISTICS s ON " +
                        table_condition("s", schema, table) +
                        " AND s.INDEX_NAME = 'PRIMARY' AND s.COLUMN_NAME = c.COLUMN_NAME WHERE " +
                        table_condition("c", schema, table),
                    Phase::describe, max_columns);
  keep_exact_table(rows, table);
  std::map<std::int64_t, std::string> key;
  for (const TextRow& row : rows) {
    result.columns[core::lower_ascii(text(row[1]))] = {
        .type = text(row[2]),
        .comment = text(row[3]),
        .srid = static_cast<std::int32_t>(number(row[5]).value_or(0)),
    };
    if (const auto position = number(row[4])) key[*position] = text(row[1]);
  }
  for (auto& [position, name] : key) result.primary_key.push_back(std::move(name));
}

void read_table(Session& session, std::string_view schema, std::string_view table, CatalogTable& result) {
  std::vector<TextRow> rows = session.query(
      "SELECT t.TABLE_NAME, t.TABLE_TYPE, t.TABLE_COMMENT, t.TABLE_ROWS FROM information_schema.TABLES t WHERE " +
          table_condition("t", schema, table),
      Phase::describe, max_columns);
  keep_exact_table(rows, table);
  if (rows.empty()) return;
  if (rows[0][1] == "BASE TABLE") result.comment = text(rows[0][2]);  // a view's is the word VIEW
  result.estimated_rows = number(rows[0][3]);
}

/// MariaDB's JSON is longtext with a check. From 10.5.2 on the metadata of a result tell; before, only the check.
void read_json_checks(Session& session, std::string_view schema, std::string_view table, CatalogTable& result) {
  const ServerVersion& version = session.version();
  if (!version.at_least(0, 100310) || version.at_least(0, 100502)) return;
  const std::vector<TextRow> rows =
      session.query("SELECT CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = " +
                        quote_literal(schema) + " AND TABLE_NAME = " + quote_literal(table),
                    Phase::describe, max_columns);
  for (auto& [name, column] : result.columns) {
    const std::string check = "json_valid(" + quote_identifier(name) + ')';
    column.is_json = std::any_of(rows.begin(), rows.end(),
                                 [&](const TextRow& row) { return core::lower_ascii(text(row[0])) == check; });
  }
}

std::string kind_of(const std::string& table_type) {
  if (table_type == "BASE TABLE" || table_type == "SYSTEM VERSIONED") return "table";
  if (table_type == "VIEW" || table_type == "SYSTEM VIEW") return "view";
  return core::lower_ascii(table_type);
}

}  // namespace

CatalogTable read_catalog(Session& session, std::string_view schema, std::string_view table) {
  CatalogTable result;
  read_columns(session, schema, table, result);
  read_table(session, schema, table, result);
  read_json_checks(session, schema, table, result);
  return result;
}

std::optional<std::string> read_change_mark(Session& session, std::string_view schema, std::string_view table) {
  // MySQL 8 and later would tell what it knew yesterday.
  if (session.version().at_least(80000, 0)) {
    session.execute("SET SESSION information_schema_stats_expiry = 0", Phase::describe);
  }
  std::vector<TextRow> rows = session.query(
      "SELECT t.TABLE_NAME, CONCAT_WS('/', t.ENGINE, t.CREATE_TIME, t.UPDATE_TIME) FROM information_schema.TABLES t "
      "WHERE " +
          table_condition("t", schema, table) +
          " AND t.TABLE_TYPE = 'BASE TABLE' AND t.ENGINE IN ('InnoDB', 'MyISAM', 'Aria') "
          "AND t.UPDATE_TIME < NOW() - INTERVAL 2 SECOND",
      Phase::describe, max_columns);
  keep_exact_table(rows, table);
  return rows.size() == 1 ? rows[0][1] : std::nullopt;
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
    tables.push_back({text(row[0]), text(row[1]), kind_of(text(row[2])), number(row[3])});
  }
  return tables;
}

}  // namespace connector::mysql
