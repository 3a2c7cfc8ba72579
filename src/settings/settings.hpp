// The settings `connector.*`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "settings/limits.hpp"

namespace connector::settings {

/// Defines all settings; called once, by _PG_init.
void define();

/// Their present values.
struct Settings {
  std::int64_t max_rows;  ///< 0 = none
  int max_columns;
  int max_readers;  ///< connections that one import reads by
  int max_listed_tables;
  int max_imports_per_role;         ///< that run; 0 = none
  int max_queued_imports_per_role;  ///< that wait; 0 = none
  int keep_runs;
  std::chrono::seconds min_sync_interval;
  int max_retries;
  int max_syncs_per_role;         ///< that run; 0 = none
  int max_stored_syncs_per_role;  ///< 0 = none
  std::chrono::seconds connect_timeout;
  std::chrono::seconds statement_timeout;  ///< 0 = none
  std::chrono::seconds read_timeout;       ///< 0 = none
  std::size_t batch_bytes;
  int range_rows;
  std::string_view enabled_providers;  ///< comma-separated ids; empty = all
  std::string_view allowed_hosts;
  bool allow_local_addresses;
  std::string_view reader_environment;
  std::size_t reader_memory;  ///< bytes; 0 = no limit
  int max_reader_processes;   ///< 0 = no limit
  int max_readers_per_role;   ///< likewise
};
Settings current();

/// While it lives current() and odbc_driver_is_allowed() have the values of its beginning, whatever code sets
/// meanwhile: RESET ALL, which everybody may say, would bring those back that the session logged in with.
class Fixed {
 public:
  Fixed();
  ~Fixed();
  Fixed(const Fixed&) = delete;
  Fixed& operator=(const Fixed&) = delete;

 private:
  friend Settings current();
  friend bool odbc_driver_is_allowed(std::string_view name);

  Settings values_;
  std::string providers_, hosts_, environment_, drivers_;
  const Fixed* outer_;
};

/// The level of PostgreSQL's at which the server's log is told of runs (connector.log_runs); nothing if it is not.
std::optional<int> log_level_of_runs();

/// Those that runs of syncs look at.
settings::RunLimits run_limits();

/// True if connector.enabled_providers names the provider, or is empty.
bool provider_is_enabled(std::string_view id);

/// True if connector.odbc_drivers names the driver, in whatever case.
bool odbc_driver_is_allowed(std::string_view name);

}  // namespace connector::settings
