#include "drivers/odbc/catalog.hpp"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>
#include <utility>

#include "core/base/utf8.hpp"
#include "drivers/odbc/catalog_rows.hpp"

namespace connector::odbc {

namespace {

// The columns of the results: the functions' pages in Microsoft's ODBC reference.
namespace tables {
enum : SQLUSMALLINT { catalog = 1, schema, name, type };
}
namespace columns {
enum : SQLUSMALLINT { schema = 2, table = 3, name = 4, nullable = 11, remarks = 12 };
}
namespace keys {
enum : SQLUSMALLINT { catalog = 1, schema, table, name, sequence };
}
namespace statistics {
enum : SQLUSMALLINT { type = 7, cardinality = 11 };
}

std::int64_t number_of(const std::string& text, std::int64_t if_none) {
  std::int64_t number = if_none;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : if_none;
}

/// What the catalog tells beside the columns is left out where it can't be read, unless the connection is lost.
template <typename Read>
void read_if_told(Session& session, Read&& read) {
  try {
    read();
  } catch (const core::Error&) {
    if (!session.usable()) throw;
  }
}

/// A driver that can't escape patterns may give more tables than were asked for.
bool is_meant(const DriverTraits& traits, std::string_view told, std::string_view asked) {
  if (asked.empty() || told == asked) return true;
  // Names that were written without quotes are in another case in some databases.
  return traits.quote.empty() && core::lower_ascii(told) == core::lower_ascii(asked);
}

std::string kind_of(const std::string& type) {
  std::string kind = core::lower_ascii(type);
  if (kind.empty() || kind == "base table") return "table";
  return kind;
}

struct SystemSchema {
  Database database;
  std::string_view name;  ///< in lower case
};

/// Where the databases have what belongs to themselves, if their drivers call it tables and views as others are.
constexpr SystemSchema system_schemas[] = {
    {Database::mysql, "mysql"},
    {Database::mysql, "sys"},
    {Database::mysql, "performance_schema"},
    {Database::mysql, "information_schema"},
    {Database::postgres, "pg_catalog"},
    {Database::postgres, "information_schema"},
    {Database::sqlserver, "sys"},
    {Database::sqlserver, "information_schema"},
    {Database::oracle, "sys"},
    {Database::oracle, "system"},
};

bool is_system_schema(Database database, std::string_view schema) {
  const std::string name = core::lower_ascii(schema);
  return std::ranges::any_of(
      system_schemas, [&](const SystemSchema& known) { return known.database == database && known.name == name; });
}

auto place_of(const core::RemoteTable& table) {
  return std::tie(table.schema, table.name);
}

/// Keeps the first `limit`.
void cut(std::vector<core::RemoteTable>& found, std::size_t limit) {
  std::ranges::sort(found, [](const auto& a, const auto& b) { return place_of(a) < place_of(b); });
  if (found.size() > limit) found.resize(limit);
}

}  // namespace

TableName table_name(const DriverTraits& traits, std::string_view schema, std::string_view table) {
  TableName name{.catalog = {}, .schema = {}, .table = std::string(table)};
  // SQLite's own name of the one database that a connection has; the driver's catalog knows it by none.
  if (traits.database == Database::sqlite && schema == "main") return name;
  // A database of one place takes any name for it.
  if (traits.has_schemas) {
    name.schema = schema;
  } else if (traits.has_catalogs) {
    name.catalog = schema;
  }
  return name;
}

bool is_base_table(Session& session, const TableName& name) {
  const Task task{core::Phase::describe, "could not read the catalog"};
  const DriverTraits& traits = session.traits();
  CatalogArgument catalog(name.catalog), schema(escaped_pattern(name.schema, traits.pattern_escape)),
      table(escaped_pattern(name.table, traits.pattern_escape));
  bool is_told = false, is_other = false;
  read_if_told(session, [&] {
    CatalogRows rows(session, task, "SQLTables", [&](SQLHSTMT statement) {
      if (traits.unicode) {
        return SQLTablesW(statement, catalog.wide(), catalog.length(), schema.wide(), schema.length(), table.wide(),
                          table.length(), nullptr, 0);
      }
      return SQLTables(statement, catalog.narrow(), catalog.length(), schema.narrow(), schema.length(), table.narrow(),
                       table.length(), nullptr, 0);
    });
    while (rows.next()) {
      const std::string schema_told = rows.text(tables::schema), table_told = rows.text(tables::name);
      const std::string kind = kind_of(rows.text(tables::type));
      if (!is_meant(traits, schema_told, name.schema) || !is_meant(traits, table_told, name.table)) continue;
      is_told = true;
      is_other = is_other || kind != "table";
    }
  });
  return is_told && !is_other;
}

std::map<std::string, CatalogColumn> read_columns(Session& session, const TableName& name) {
  const Task task{core::Phase::describe, "could not read the catalog"};
  const DriverTraits& traits = session.traits();
  std::map<std::string, CatalogColumn> found;
  CatalogArgument catalog(name.catalog), schema(escaped_pattern(name.schema, traits.pattern_escape)),
      table(escaped_pattern(name.table, traits.pattern_escape)), all("%");
  read_if_told(session, [&] {
    CatalogRows rows(session, task, "SQLColumns", [&](SQLHSTMT statement) {
      if (traits.unicode) {
        return SQLColumnsW(statement, catalog.wide(), catalog.length(), schema.wide(), schema.length(), table.wide(),
                           table.length(), all.wide(), all.length());
      }
      return SQLColumns(statement, catalog.narrow(), catalog.length(), schema.narrow(), schema.length(), table.narrow(),
                        table.length(), all.narrow(), all.length());
    });
    while (rows.next()) {
      const std::string schema_told = rows.text(columns::schema), table_told = rows.text(columns::table);
      const bool is_asked = is_meant(traits, schema_told, name.schema) && is_meant(traits, table_told, name.table);
      std::string column = rows.text(columns::name);
      const bool not_null = rows.text(columns::nullable) == std::to_string(SQL_NO_NULLS);
      CatalogColumn told{.not_null = not_null, .comment = rows.text(columns::remarks)};
      if (!is_asked) continue;
      const auto [place, is_new] = found.try_emplace(std::move(column), told);
      // Of two tables of the name in different schemas only what both have is sure.
      if (!is_new && !told.not_null) place->second.not_null = false;
    }
  });
  return found;
}

std::vector<std::string> read_primary_key(Session& session, const TableName& name) {
  const Task task{core::Phase::describe, "could not read the catalog"};
  std::vector<std::pair<std::int64_t, std::string>> parts;
  std::set<std::string> places;
  CatalogArgument catalog(name.catalog), schema(name.schema), table(name.table);
  read_if_told(session, [&] {
    CatalogRows rows(session, task, "SQLPrimaryKeys", [&](SQLHSTMT statement) {
      if (session.traits().unicode) {
        return SQLPrimaryKeysW(statement, catalog.wide(), catalog.length(), schema.wide(), schema.length(),
                               table.wide(), table.length());
      }
      return SQLPrimaryKeys(statement, catalog.narrow(), catalog.length(), schema.narrow(), schema.length(),
                            table.narrow(), table.length());
    });
    while (rows.next()) {
      std::string place = rows.text(keys::catalog);
      place += '\0' + rows.text(keys::schema);
      places.insert(std::move(place));
      std::string column = rows.text(keys::name);
      parts.emplace_back(number_of(rows.text(keys::sequence), 0), std::move(column));
    }
  });
  std::ranges::sort(parts);
  // Two keys: of tables of the name in two places.
  if (places.size() > 1) return {};
  const auto same = std::ranges::adjacent_find(parts, {}, &std::pair<std::int64_t, std::string>::first);
  if (same != parts.end()) return {};
  std::vector<std::string> key;
  for (auto& [sequence, column] : parts) key.push_back(std::move(column));
  return key;
}

std::optional<std::int64_t> read_estimate(Session& session, const TableName& name) {
  const Task task{core::Phase::describe, "could not read the catalog"};
  std::optional<std::int64_t> estimate;
  CatalogArgument catalog(name.catalog), schema(name.schema), table(name.table);
  read_if_told(session, [&] {
    CatalogRows rows(session, task, "SQLStatistics", [&](SQLHSTMT statement) {
      // SQL_QUICK: only what is at hand.
      if (session.traits().unicode) {
        return SQLStatisticsW(statement, catalog.wide(), catalog.length(), schema.wide(), schema.length(), table.wide(),
                              table.length(), SQL_INDEX_UNIQUE, SQL_QUICK);
      }
      return SQLStatistics(statement, catalog.narrow(), catalog.length(), schema.narrow(), schema.length(),
                           table.narrow(), table.length(), SQL_INDEX_UNIQUE, SQL_QUICK);
    });
    while (rows.next()) {
      const std::string type = rows.text(statistics::type);
      const std::int64_t count = number_of(rows.text(statistics::cardinality), -1);
      // Of an index it is how many keys there are; these ones are unique. Only the last column's counts all of it.
      if (!type.empty() && count > 0) estimate = std::max(estimate.value_or(0), count);
    }
  });
  return estimate;
}

std::vector<core::RemoteTable> read_tables(Session& session, std::string_view schema, std::int64_t limit) {
  const Task task{core::Phase::describe, "could not list the tables"};
  const DriverTraits& traits = session.traits();
  const auto most = static_cast<std::size_t>(std::max<std::int64_t>(limit, 0));
  const TableName asked = table_name(traits, schema, "");
  CatalogArgument catalog_name(asked.catalog), schema_name(escaped_pattern(asked.schema, traits.pattern_escape)),
      all("%");
  std::vector<core::RemoteTable> found;
  CatalogRows rows(session, task, "SQLTables", [&](SQLHSTMT statement) {
    if (traits.unicode) {
      return SQLTablesW(statement, catalog_name.wide(), catalog_name.length(), schema_name.wide(), schema_name.length(),
                        all.wide(), all.length(), nullptr, 0);
    }
    return SQLTables(statement, catalog_name.narrow(), catalog_name.length(), schema_name.narrow(),
                     schema_name.length(), all.narrow(), all.length(), nullptr, 0);
  });
  while (rows.next()) {
    const std::string catalog = rows.text(tables::catalog), owner = rows.text(tables::schema);
    std::string name = rows.text(tables::name);
    std::string kind = kind_of(rows.text(tables::type));
    if (!is_meant(traits, catalog, asked.catalog) || !is_meant(traits, owner, asked.schema)) continue;
    std::string place = traits.has_schemas ? owner : catalog;
    const bool is_plain = (kind == "table" || kind == "view") && !is_system_schema(traits.database, place);
    found.push_back({.schema = std::move(place),
                     .name = std::move(name),
                     .kind = std::move(kind),
                     .estimated_rows = std::nullopt,
                     .only_by_name = !is_plain});
    if (found.size() >= 2 * most + 1000) cut(found, most);
  }
  cut(found, most);
  return found;
}

}  // namespace connector::odbc
