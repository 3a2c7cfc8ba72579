#include "drivers/odbc/read_traits.hpp"

#include <sql.h>
#include <sqlext.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "core/base/utf8.hpp"
#include "drivers/odbc/known_drivers.hpp"

#include "drivers/odbc/wide_text.hpp"

namespace connector::odbc {

std::string info_text(SQLHDBC connection, SQLUSMALLINT type) {
  std::array<SQLCHAR, 1024> text{};
  SQLSMALLINT length = 0;
  const SQLRETURN result =
      SQLGetInfo(connection, type, text.data(), static_cast<SQLSMALLINT>(text.size() - 1), &length);
  if (!SQL_SUCCEEDED(result)) return {};
  return valid_text(std::string(text.begin(), std::ranges::find(text, SQLCHAR{0})));
}

namespace {

SQLUINTEGER info_bits(SQLHDBC connection, SQLUSMALLINT type) {
  SQLUINTEGER bits = 0;
  return SQL_SUCCEEDED(SQLGetInfo(connection, type, &bits, sizeof bits, nullptr)) ? bits : 0;
}

SQLUSMALLINT info_number(SQLHDBC connection, SQLUSMALLINT type) {
  SQLUSMALLINT number = 0;
  return SQL_SUCCEEDED(SQLGetInfo(connection, type, &number, sizeof number, nullptr)) ? number : 0;
}

struct NamedDatabase {
  std::string_view name;  ///< what SQL_DBMS_NAME begins with, in lower case
  Database database;
};

/// As the drivers say it: psqlodbc, MariaDB's and MySQL's, SQLite's, FreeTDS and Microsoft's, Oracle's, MDBTools.
constexpr NamedDatabase databases[] = {
    {"postgresql", Database::postgres},  {"mariadb", Database::mysql},
    {"mysql", Database::mysql},          {"sqlite", Database::sqlite},
    {"sql server", Database::sqlserver}, {"microsoft sql server", Database::sqlserver},
    {"oracle", Database::oracle},        {"mdb", Database::mdbtools}};

/// SQL_IDENTIFIER_QUOTE_CHAR; a blank means that names can't be quoted.
std::string quote_of(SQLHDBC connection) {
  const std::string quote = info_text(connection, SQL_IDENTIFIER_QUOTE_CHAR);
  return quote == " " ? "" : quote;
}

}  // namespace

Database database_of(std::string_view dbms_name) noexcept {
  const std::string name = core::lower_ascii(dbms_name);
  const auto* found =
      std::ranges::find_if(databases, [&](const NamedDatabase& database) { return name.starts_with(database.name); });
  return found == std::end(databases) ? Database::other : found->database;
}

DriverTraits read_traits(SQLHDBC connection, const KnownDriver& driver, bool is_unicode) {
  DriverTraits traits;
  traits.driver_name = info_text(connection, SQL_DRIVER_NAME);
  traits.dbms_name = info_text(connection, SQL_DBMS_NAME);
  traits.unicode = is_unicode;
  traits.database = database_of(traits.dbms_name);
  traits.times_as_text = driver.times_as_text;
  traits.buffers_results = driver.buffers_results;
  traits.describes_prepared = driver.describes_prepared;
  const SQLUINTEGER get_data = info_bits(connection, SQL_GETDATA_EXTENSIONS);
  const bool any_column = (get_data & SQL_GD_ANY_COLUMN) != 0 && (get_data & SQL_GD_ANY_ORDER) != 0;
  traits.any_column_get_data = any_column;
  traits.bound_get_data = (get_data & SQL_GD_BOUND) != 0;
  traits.block_get_data = any_column && traits.bound_get_data && (get_data & SQL_GD_BLOCK) != 0;
  traits.quote = quote_of(connection);
  traits.pattern_escape = info_text(connection, SQL_SEARCH_PATTERN_ESCAPE);
  traits.has_schemas = (info_bits(connection, SQL_SCHEMA_USAGE) & SQL_SU_DML_STATEMENTS) != 0;
  traits.has_catalogs = (info_bits(connection, SQL_CATALOG_USAGE) & SQL_CU_DML_STATEMENTS) != 0;
  traits.catalog_at_start = info_number(connection, SQL_CATALOG_LOCATION) != SQL_CL_END;
  const std::string separator = info_text(connection, SQL_CATALOG_NAME_SEPARATOR);
  if (!separator.empty()) traits.catalog_separator = separator;
  SQLUSMALLINT is_there = SQL_FALSE;
  traits.cancels_handles =
      SQL_SUCCEEDED(SQLGetFunctions(connection, SQL_API_SQLCANCELHANDLE, &is_there)) && is_there == SQL_TRUE;
  return traits;
}

}  // namespace connector::odbc
