// What is known of a driver and its database beyond what the driver tells correctly.
#pragma once

#include <cstdint>
#include <string>

namespace connector::odbc {

/// Databases whose SQL is known; all others are asked for no more than any SQL database takes.
enum class Database : std::uint8_t {
  other,
  postgres,
  mysql,  ///< and MariaDB
  sqlite,
  sqlserver,
  oracle,
  mdbtools  ///< files of Access, read by a library that knows hardly any SQL
};

/// Filled once a connection stands: from SQL_DRIVER_NAME, SQL_DRIVER_VER, SQL_DBMS_NAME and the like, and the table of
/// known drivers.
struct DriverTraits {
  std::string driver_name;  ///< SQL_DRIVER_NAME: "libmaodbc.so"
  std::string dbms_name;    ///< SQL_DBMS_NAME: "MariaDB"
  /// Whether text constants mean there what they mean in UTF-8: not where PostgreSQL has another encoding.
  bool compares_text = true;
  bool times_as_text = false;  ///< dates and times are read as text: the structures can't hold what the database has
                               ///< (zero dates, -838:59:59)
  bool unicode = true;         ///< text may be asked for as SQL_C_WCHAR
  bool block_get_data =
      false;  ///< SQLGetData works on any row of a fetched block (SQL_GD_BLOCK), and on bound columns and in any order
  bool bound_get_data = false;       ///< SQL_GD_BOUND
  bool any_column_get_data = false;  ///< SQL_GD_ANY_COLUMN and SQL_GD_ANY_ORDER: not only columns behind the last bound
                                     ///< one, and not only in order
  bool buffers_results =
      false;  ///< whole results stay in the driver's memory, and no attribute helps: told as a warning

  Database database = Database::other;
  /// The columns of a statement are told correctly when it was prepared: it need not be executed for that.
  bool describes_prepared = false;
  std::string quote;                    ///< SQL_IDENTIFIER_QUOTE_CHAR; empty = names can't be quoted
  std::string pattern_escape;           ///< SQL_SEARCH_PATTERN_ESCAPE; empty = patterns can't be escaped
  std::string catalog_separator = ".";  ///< SQL_CATALOG_NAME_SEPARATOR
  bool has_schemas = false;             ///< SQL_SCHEMA_USAGE: statements take a schema before the name of a table
  bool has_catalogs = false;            ///< SQL_CATALOG_USAGE: likewise a catalog
  bool catalog_at_start = true;         ///< SQL_CATALOG_LOCATION
  bool cancels_handles = false;         ///< it has SQLCancelHandle
};

}  // namespace connector::odbc
