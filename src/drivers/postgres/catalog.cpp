#include "drivers/postgres/catalog.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "core/base/utf8.hpp"
#include "drivers/postgres/catalog_rows.hpp"
#include "drivers/postgres/connect.hpp"
#include "drivers/postgres/sql_text.hpp"
#include "core/base/list_text.hpp"

namespace connector::postgres {

namespace {

/// Rounds of looking up types: domains over arrays of domains are rare, catalogs that never end are hostile.
constexpr int max_rounds = 16;

/// The planner's number of rows of relation `c` with all that inherits from it; NULL where it was never counted, which
/// is 0 before version 14, and -1 since.
std::string estimate(const Session& session) {
  const std::string counted = session.version() >= 140000 ? "r.reltuples >= 0" : "(r.reltuples > 0 OR r.relpages > 0)";
  return "(WITH RECURSIVE tree (oid) AS (SELECT c.oid UNION SELECT i.inhrelid FROM tree, pg_inherits i "
         "WHERE i.inhparent = tree.oid) SELECT sum(r.reltuples)::bigint FROM tree JOIN pg_class r ON r.oid = tree.oid "
         "WHERE r.relkind IN ('r', 'm', 'f') AND " +
         counted + ")";
}

std::string kind_name(const std::string& relkind) {
  if (relkind == "r") return "table";
  if (relkind == "p") return "partitioned table";
  if (relkind == "v") return "view";
  if (relkind == "m") return "materialized view";
  if (relkind == "f") return "foreign table";
  return relkind;
}

bool is_ascii(const std::string& name) {
  return std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

std::string from_hex(const std::string& hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

std::vector<int> attribute_numbers(const std::string& list) {
  std::vector<int> numbers;
  const char* end = list.data() + list.size();
  for (const char* at = list.data(); at < end; ++at) {
    int value = 0;
    const auto [stopped, error] = std::from_chars(at, end, value);
    if (error != std::errc()) break;
    numbers.push_back(value);
    at = stopped;
  }
  return numbers;
}

}  // namespace

namespace {

/// `relations`: a comparison with their OIDs, "= 123".
std::string columns_query(const Session& session, const std::string& relations, const core::TableParts& parts) {
  const int version = session.version();
  const std::string generated = version >= 120000 ? " AND a.attgenerated = ''" : "";
  const std::string identity = version >= 100000 ? "a.attidentity <> ''" : "false";
  const std::string defaults =
      parts.defaults ? ", CASE WHEN a.atthasdef THEN (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d "
                       "WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum" +
                           generated +
                           ") ELSE (SELECT pg_get_expr(t.typdefaultbin, 0) FROM pg_type t WHERE t.oid = a.atttypid) "
                           "END, " +
                           identity  // the default of a domain is that of its columns without one
                     : "";
  return "SELECT a.attrelid, a.attnum, a.attname, a.atttypid, a.atttypmod, format_type(a.atttypid, a.atttypmod), "
         "a.attnotnull, col_description(a.attrelid, a.attnum), (SELECT ln.nspname || '.' || l.collname "
         "FROM pg_collation l JOIN pg_namespace ln ON ln.oid = l.collnamespace WHERE l.oid = a.attcollation)" +
         defaults + " FROM pg_attribute a WHERE a.attrelid " + relations +
         " AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attrelid, a.attnum";
}

std::string relations_query(const Session& session, const std::string& relations) {
  // From 11 on an index may have columns that are not part of the key.
  const std::string key = session.version() >= 110000
                              ? "(SELECT array_to_string((i.indkey::int2[])[0:i.indnkeyatts - 1], ' ') "
                              : "(SELECT array_to_string(i.indkey::int2[], ' ') ";
  return "SELECT c.oid, obj_description(c.oid, 'pg_class'), " + estimate(session) + ", " + key +
         "FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary), c.relkind FROM pg_class c WHERE c.oid " +
         relations;
}

/// For both. How expressions are printed is decided by standard_conforming_strings.
std::string set_for_catalog() {
  return set_search_path(SearchPath::catalog) + "SET LOCAL standard_conforming_strings = on; ";
}

std::map<Oid, CatalogTable> read_tables(const std::vector<TextRow>& columns, const std::vector<TextRow>& relations,
                                        const core::TableParts& parts) {
  std::map<Oid, CatalogTable> tables;
  for (const TextRow& row : relations) {
    CatalogTable& table = tables[number<Oid>(row, 0).value_or(0)];
    table.comment = text(row, 1);
    table.estimated_rows = number<std::int64_t>(row, 2);
    table.primary_key = attribute_numbers(text(row, 3));
    table.relkind = text(row, 4);
  }
  for (const TextRow& row : columns) {
    const auto table = tables.find(number<Oid>(row, 0).value_or(0));
    if (table == tables.end()) continue;
    CatalogColumn& column = table->second.columns.emplace_back();
    column.number = number<int>(row, 1).value_or(0);
    column.name = text(row, 2);
    column.use = {number<Oid>(row, 3).value_or(0), number<std::int32_t>(row, 4).value_or(-1)};
    column.type = text(row, 5);
    column.not_null = is_true(row, 6);
    column.comment = text(row, 7);
    column.collation = text(row, 8);
    // Columns of a view may have defaults, too, for who inserts into it.
    if (!parts.defaults || table->second.relkind == "v") continue;
    column.default_expression = text(row, 9);
    column.is_identity = is_true(row, 10);
  }
  return tables;
}

}  // namespace

std::string table_statements(const Session& session, std::string_view schema, std::string_view table,
                             const core::TableParts& parts) {
  const std::string name = quote_table(schema, table);
  const std::string oid = quote_literal(name) + "::regclass";
  std::string sql = "SELECT 1 FROM " + name + " WHERE false; " + set_for_catalog() +
                    columns_query(session, "= " + oid, parts) + "; " + relations_query(session, "= " + oid);
  if (parts.indexes) sql += "; " + index_query(session, oid);
  if (parts.foreign_keys) sql += "; " + foreign_key_query(session, oid);
  return sql;
}

CatalogTable read_table(const std::vector<std::vector<TextRow>>& answers, const core::TableParts& parts) {
  const std::size_t expected = 3 + (parts.indexes ? 1 : 0) + (parts.foreign_keys ? 1 : 0);
  if (answers.size() != expected || answers[2].size() != 1)
    throw_malformed("the server does not describe the table", looking_up.phase, looking_up.summary);
  CatalogTable table = std::move(read_tables(answers[1], answers[2], parts).begin()->second);
  if (parts.indexes) table.indexes = read_indexes(answers[3]);
  if (parts.foreign_keys) table.foreign_keys = read_foreign_keys(answers.back());
  return table;
}

std::string relation_statements(const Session& session, const std::vector<Oid>& relations,
                                const core::TableParts& parts) {
  std::string list;
  for (const Oid oid : relations) core::add_item(list, std::to_string(oid), ",");
  const std::string comparison = "= ANY ('{" + list + "}'::oid[])";
  return set_for_catalog() + columns_query(session, comparison, parts) + "; " + relations_query(session, comparison);
}

std::map<Oid, CatalogTable> read_relations(const std::vector<std::vector<TextRow>>& answers,
                                           const core::TableParts& parts) {
  if (answers.size() != 2)
    throw_malformed("the server does not describe the tables", looking_up.phase, looking_up.summary);
  return read_tables(answers[0], answers[1], parts);
}

void look_up_types(Session& session, const std::vector<TypeUse>& uses, CatalogTypes& catalog) {
  for (int round = 0; round < max_rounds; ++round) {
    std::string oids;
    for (const TypeUse& use : uses) {
      const auto missing = missing_type(use, catalog);
      if (missing) core::add_item(oids, std::to_string(*missing));
    }
    if (oids.empty()) return;
    // True arrays only: other types may have elements too, but are no arrays to the outside.
    const auto answers =
        session.run(set_search_path(SearchPath::catalog) +
                        "SELECT t.oid, n.nspname, t.typname, t.typtype, t.typbasetype, t.typtypmod, "
                        "CASE WHEN t.typcategory = 'A' AND t.typlen = -1 THEN t.typelem ELSE 0 END, e.extname "
                        "FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_depend d "
                        "ON d.classid = 'pg_type'::regclass AND d.objid = t.oid AND d.deptype = 'e' "
                        "AND d.refclassid = 'pg_extension'::regclass LEFT JOIN pg_extension e ON e.oid = d.refobjid "
                        "WHERE t.oid IN (" +
                        oids + ")",
                    looking_up);
    if (answers.size() != 1 || answers[0].empty())
      throw_malformed("the server does not describe its types", looking_up.phase, looking_up.summary);
    for (const TextRow& row : answers[0]) {
      CatalogType& type = catalog[number<Oid>(row, 0).value_or(0)];
      type.schema = text(row, 1);
      type.name = text(row, 2);
      type.kind = text(row, 3).empty() ? 'b' : text(row, 3)[0];
      type.base_type = number<Oid>(row, 4).value_or(0);
      type.base_modifier = number<std::int32_t>(row, 5).value_or(-1);
      type.element_type = number<Oid>(row, 6).value_or(0);
      type.extension = text(row, 7);
    }
  }
  throw_malformed("the server's types are never described in full", looking_up.phase, looking_up.summary);
}

std::string list_statements(const Session& session, std::string_view schema, std::int64_t limit) {
  // A partition's rows are those of its table; what an extension made is not the database's own.
  const std::string partition = session.version() >= 100000 ? "c.relispartition" : "false";
  return set_search_path(SearchPath::catalog) + "SELECT n.nspname, c.relname, c.relkind, " + estimate(session) + ", " +
         partition +
         " OR EXISTS (SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid "
         "AND d.deptype = 'e'), c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
         "WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname = " +
         quote_literal(schema) +
         " AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT') "
         "ORDER BY c.relname LIMIT " +
         std::to_string(limit);
}

std::vector<core::RemoteTable> read_list(const std::vector<std::vector<TextRow>>& answers) {
  if (answers.size() != 1) throw_malformed("the server does not list its tables", looking_up.phase, looking_up.summary);
  std::vector<core::RemoteTable> tables;
  for (const TextRow& row : answers[0]) {
    core::RemoteTable& table = tables.emplace_back();
    table.schema = core::shown_text(text(row, 0), text(row, 0).size());
    table.name = core::shown_text(text(row, 1), text(row, 1).size());
    table.kind = kind_name(text(row, 2));
    table.estimated_rows = number<std::int64_t>(row, 3);
    table.only_by_name = is_true(row, 4);
  }
  return tables;
}

std::vector<Oid> read_list_oids(const std::vector<std::vector<TextRow>>& answers) {
  std::vector<Oid> oids;
  for (const TextRow& row : answers.at(0)) oids.push_back(number<Oid>(row, 5).value_or(0));
  return oids;
}

std::vector<std::string> reread_names(Session& session, std::vector<std::string> names, std::string_view encoding) {
  std::string values;
  std::vector<std::size_t> asked;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (is_ascii(names[i])) continue;
    core::add_item(values, "(" + std::to_string(asked.size()) + ", " + quote_literal(names[i]) + ")");
    asked.push_back(i);
  }
  if (asked.empty()) return names;
  const auto answers =
      session.run(set_search_path(SearchPath::catalog) +
                      "SELECT encode(convert(convert_to(t.name, getdatabaseencoding()), " + quote_literal(encoding) +
                      ", 'UTF8'), 'hex') FROM (VALUES " + values + ") AS t (number, name) ORDER BY t.number",
                  {core::Phase::describe, "could not read the names of columns"});
  if (answers.size() != 1 || answers[0].size() != asked.size())
    throw_malformed("the server does not convert names", looking_up.phase, looking_up.summary);
  for (std::size_t i = 0; i < asked.size(); ++i) names[asked[i]] = from_hex(text(answers[0][i], 0));
  return names;
}

std::optional<std::string> read_change_mark(Session& session, const std::string& table) {
  // A crash loses counts, and resets them: those of the background writer tell when. Which rows a policy shows may
  // change without a write, as may the values of enums and of virtual columns, and the names that stand for OIDs.
  // Before 15 a session may keep its counts to itself as long as it is idle.
  if (session.version() < 150000) return std::nullopt;
  const auto answers = session.run(
      set_search_path(SearchPath::catalog) + "WITH RECURSIVE tree (oid) AS (SELECT " + quote_literal(table) +
          "::regclass::oid UNION SELECT i.inhrelid FROM tree, pg_inherits i WHERE i.inhparent = tree.oid), "
          "attributes AS (SELECT a.* FROM tree JOIN pg_attribute a ON a.attrelid = tree.oid AND a.attnum > 0 "
          "AND NOT a.attisdropped), "
          // With the types inside: of elements, domains, ranges and composites.
          "types (oid) AS (SELECT atttypid FROM attributes UNION SELECT inner_type FROM types "
          "JOIN pg_type t ON t.oid = types.oid CROSS JOIN LATERAL (SELECT t.typelem UNION ALL SELECT t.typbasetype "
          "UNION ALL SELECT r.rngsubtype FROM pg_range r WHERE t.oid IN (r.rngtypid, r.rngmultitypid) "
          "UNION ALL SELECT c.atttypid FROM pg_attribute c WHERE c.attrelid = t.typrelid AND c.attnum > 0 "
          "AND NOT c.attisdropped) AS parts (inner_type) WHERE inner_type <> 0) "
          "SELECT concat_ws('/', pg_postmaster_start_time(), (SELECT stats_reset FROM pg_stat_bgwriter), "
          "(SELECT stats_reset FROM pg_stat_database WHERE datname = current_database()), string_agg(concat_ws(':', "
          "c.oid, pg_relation_filenode(c.oid), "
          "pg_stat_get_tuples_inserted(c.oid), pg_stat_get_tuples_updated(c.oid), pg_stat_get_tuples_deleted(c.oid)), "
          "',' ORDER BY c.oid), (SELECT md5(string_agg(concat_ws(':', e.enumtypid, e.enumsortorder, e.enumlabel), ',' "
          "ORDER BY e.enumtypid, e.enumsortorder)) FROM pg_enum e WHERE e.enumtypid IN (SELECT oid FROM types))) "
          "FROM tree JOIN pg_class c ON c.oid = tree.oid "
          "HAVING bool_and(c.relkind IN ('r', 'p', 'm') AND NOT row_security_active(c.oid)) AND NOT "
          "pg_is_in_recovery() "
          "AND current_setting('track_counts')::bool "
          "AND NOT EXISTS (SELECT FROM attributes WHERE attgenerated NOT IN ('', 's')) "
          "AND NOT EXISTS (SELECT FROM types JOIN pg_type t USING (oid) WHERE t.typnamespace = "
          "'pg_catalog'::regnamespace AND (t.typname LIKE 'reg%' OR t.typname = 'aclitem'))",
      looking_up);
  if (answers.empty() || answers[0].size() != 1) return std::nullopt;
  return text(answers[0][0], 0);
}

}  // namespace connector::postgres
