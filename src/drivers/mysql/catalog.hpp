// What information_schema tells beyond the metadata of a result.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/remote/provider.hpp"
#include "core/remote/table_parts.hpp"
#include "drivers/mysql/catalog_rows.hpp"
#include "drivers/mysql/charset.hpp"
#include "drivers/mysql/default_value.hpp"
#include "drivers/mysql/session.hpp"

namespace connector::mysql {

struct CatalogColumn {
  std::string name;
  std::string type;  ///< `int(10) unsigned`
  std::string comment;
  bool is_invisible = false;  ///< `SELECT *` leaves it out
  std::int32_t srid = 0;      ///< of a geometry column that takes only one
  bool is_json = false;       ///< a longtext column that older MariaDB checks to be JSON
  DefaultFacts default_facts{};
  std::string collation{};  ///< of text
};

struct CatalogTable {
  std::vector<CatalogColumn> columns;  ///< in the table's order
  std::vector<std::string> primary_key;
  bool is_view = false;
  std::string comment;
  std::optional<std::int64_t> estimated_rows;
  // What was asked for.
  std::vector<core::RemoteIndex> indexes;
  std::vector<core::RemoteForeignKey> foreign_keys;
};

/// The column of that very name; null if there is none.
const CatalogColumn* find_column(const CatalogTable& table, std::string_view name);

/// Names of schemas and tables (UTF-8) are characters of the Basic Multilingual Plane; the server fails when it is to
/// compare others with them.
bool can_be_a_name(std::string_view text) noexcept;

/// What the catalog tells of a table or view: as much as the account may see, perhaps nothing.
CatalogTable read_catalog(CatalogRows& catalog, std::string_view table, const core::TableParts& parts);

/// Whether it is a table of InnoDB, which keeps rows as they were for those that began to read before.
bool is_of_innodb(Session& session, std::string_view schema, std::string_view table);

/// When the table was last written to, and some measures of it, as long as the server remembers that. Nothing if it
/// does not, or does not for every way to change rows, or if that was just now: the time has seconds only, and more
/// could be written in this one.
std::optional<std::string> read_change_mark(Session& session, std::string_view schema, std::string_view table);

/// The character sets of the server's collations, by their number.
std::map<unsigned, Charset> read_charsets(Session& session);

/// Tables and views; `schema` empty = of all schemas but the server's own.
std::vector<core::RemoteTable> read_tables(Session& session, std::string_view schema, std::int64_t limit);

}  // namespace connector::mysql
