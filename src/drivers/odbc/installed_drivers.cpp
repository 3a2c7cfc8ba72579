#include "drivers/odbc/installed_drivers.hpp"

#include <dlfcn.h>
#include <odbcinst.h>
#include <sqlext.h>

#include <algorithm>
#include <array>

namespace connector::odbc {

namespace {

/// The length of a line in these files (INI_MAX_PROPERTY_VALUE of ini.h), with much room.
constexpr std::size_t longest_entry = 8192;

std::string entry(const std::string& section, const char* key, const char* file) {
  std::array<char, longest_entry> value{};
  const int length =
      SQLGetPrivateProfileString(section.c_str(), key, "", value.data(), static_cast<int>(value.size()), file);
  if (length <= 0) return {};
  return {value.data(), std::ranges::find(value, '\0')};
}

}  // namespace

std::vector<std::string> driver_names(SQLHENV environment) {
  std::vector<std::string> names;
  std::array<SQLCHAR, longest_entry> name{};
  SQLSMALLINT length = 0;
  SQLUSMALLINT direction = SQL_FETCH_FIRST;
  while (SQL_SUCCEEDED(SQLDrivers(environment, direction, name.data(), static_cast<SQLSMALLINT>(name.size()), &length,
                                  nullptr, 0, nullptr))) {
    names.emplace_back(name.begin(), std::ranges::find(name, SQLCHAR{0}));
    direction = SQL_FETCH_NEXT;
  }
  return names;
}

std::string driver_library(const std::string& driver) {
  // As the driver manager chooses on machines of 64 bits.
  const std::string wide = entry(driver, "Driver64", "ODBCINST.INI");
  return wide.empty() ? entry(driver, "Driver", "ODBCINST.INI") : wide;
}

std::string data_source_library(const std::string& data_source) {
  std::string driver = entry(data_source, "Driver", "ODBC.INI");
  if (driver.empty() || driver.find('/') != std::string::npos) return driver;
  const std::string library = driver_library(driver);
  return library.empty() ? driver : library;
}

bool has_wide_functions(const std::string& library) {
  if (library.empty()) return false;
  // Never unloaded: the driver manager loads it next.
  void* loaded = dlopen(library.c_str(), RTLD_LAZY | RTLD_LOCAL);
  return loaded != nullptr && dlsym(loaded, "SQLDriverConnectW") != nullptr;
}

}  // namespace connector::odbc
