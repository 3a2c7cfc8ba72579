#include "drivers/odbc/known_drivers.hpp"

#include <algorithm>

#include "core/base/utf8.hpp"

namespace connector::odbc {

namespace {

/// psqlodbc, "psqlODBC Configuration Options". Without a cursor of the server the whole result is read into memory
/// first. Booleans and bytea as such. What is longer than MaxVarcharSize, or may be, is read in pieces. What the driver
/// is told in odbcinst.ini to write into log files would hold passwords.
constexpr DriverAttribute psqlodbc_defaults[] = {
    {"UseDeclareFetch", "1"},  {"Fetch", "1000"}, {"BoolsAsChar", "0"}, {"ByteaAsLongVarBinary", "1"},
    {"MaxVarcharSize", "255"}, {"Debug", "0"},    {"CommLog", "0"}};

/// SQLite ODBC Driver, "Connect string attributes": rows are read when they are fetched; integers have 64 bits, as
/// those of SQLite have; a file that is not there is not made.
constexpr DriverAttribute sqlite_defaults[] = {{"StepAPI", "1"}, {"BigInt", "1"}, {"NoCreat", "1"}};

/// MariaDB Connector/ODBC, "Connection Parameters"; MySQL's has the same name.
constexpr DriverAttribute mysql_defaults[] = {{"CHARSET", "utf8mb4"}};

/// FreeTDS, "ODBC connection attributes": text that is read as bytes comes in UTF-8.
constexpr DriverAttribute freetds_defaults[] = {{"ClientCharset", "UTF-8"}};

constexpr KnownDriver known_drivers[] = {
    {.library = "psqlodbc",
     .defaults = psqlodbc_defaults,
     .braces = Braces::of_password_only,
     .describes_prepared = true},
    {.library = "maodbc",
     .defaults = mysql_defaults,
     .braces = Braces::of_known_keys,
     .describes_prepared = true,
     .times_as_text = true,
     .buffers_results = true},
    {.library = "myodbc", .defaults = mysql_defaults, .describes_prepared = true, .times_as_text = true},
    {.library = "sqlite3odbc", .defaults = sqlite_defaults, .braces = Braces::kept},
    {.library = "mdbodbc", .braces = Braces::kept},
    {.library = "tdsodbc", .defaults = freetds_defaults, .braces = Braces::taken_undoubled},
    {.library = "msodbcsql", .describes_prepared = true},
    {.library = "sqora", .braces = Braces::kept, .describes_prepared = true},
    {.library = "db2", .braces = Braces::kept, .describes_prepared = true},
};

constexpr KnownDriver unknown_driver = {.library = "", .braces = Braces::kept};

}  // namespace

const KnownDriver& known_driver(std::string_view library) noexcept {
  library.remove_prefix(library.find_last_of('/') + 1);
  std::string name = core::lower_ascii(library);
  if (name.starts_with("lib")) name.erase(0, 3);
  const auto* found =
      std::ranges::find_if(known_drivers, [&](const KnownDriver& driver) { return name.starts_with(driver.library); });
  return found == std::end(known_drivers) ? unknown_driver : *found;
}

}  // namespace connector::odbc
