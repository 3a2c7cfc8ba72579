#include "settings/settings.hpp"

#include "pg/postgres.hpp"

#include <algorithm>
#include <climits>
#include <cstdio>
#include <exception>

#include "core/net/address_rules.hpp"
#include "core/base/error.hpp"
#include "core/base/letter_case.hpp"
#include "core/base/trim.hpp"
#include "pg/setting.hpp"
#include "reader/environment.hpp"
#include "reader/providers.hpp"
#include "settings/planner.hpp"

extern "C" {
#include "access/parallel.h"
#include "utils/guc.h"
}

namespace connector::settings {

namespace {

constexpr int not_logged = -1;
const config_enum_entry log_levels[] = {
    {"off", not_logged, false}, {"debug5", DEBUG5, false}, {"debug4", DEBUG4, false}, {"debug3", DEBUG3, false},
    {"debug2", DEBUG2, false},  {"debug1", DEBUG1, false}, {"notice", NOTICE, false}, {"warning", WARNING, false},
    {"log", LOG, false},        {nullptr, 0, false}};

int max_rows = 1000000;
int max_columns = 256;
int max_readers = 8;
int max_listed_tables = 500;
int max_imports_per_role = 3;
int max_queued_imports_per_role = 10'000;
int keep_runs = 100;
int min_sync_interval = 900;
int max_retries = 10;
int max_syncs_per_role = 3;
int max_stored_syncs_per_role = 10000;
int max_workers = 4;
int connect_timeout = 10;
int statement_timeout = 3600;
int read_timeout = 600;
int batch_bytes = 256 * 1024;
int range_rows = 20'000;
bool enable_key_lookup = true;
int log_runs = LOG;
char* enabled_providers = nullptr;
char* allowed_hosts = nullptr;
bool allow_local_addresses = false;
char* odbc_drivers = nullptr;
char* reader_environment = nullptr;
int reader_memory = 1024;
int max_reader_processes = 64;
int max_readers_per_role = 16;

/// While define() runs, values come that were set before anybody could check them.
bool defining = false;

/// PostgreSQL puts the default in the place of a stored value that is refused: everything would be allowed. Such a list
/// is taken as it is instead, and binds as what it is.
bool must_take(GucSource source) {
  return defining || InitializingParallelWorker || pg::sets_as_login() ||
         (source >= PGC_S_GLOBAL && source <= PGC_S_DATABASE_USER);
}

/// The end of a check hook; nothing may escape from these. `detail` is a sentence, empty = the list is fine.
bool checked(const char* name, const char* detail, GucSource source) {
  if (*detail == '\0') return true;
  if (must_take(source)) {
    ereport(WARNING, (errmsg("invalid value for parameter \"%s\"", name), errdetail("%s", detail)));
    return true;
  }
  GUC_check_errdetail("%s", detail);
  return false;
}

bool check_allowed_hosts(char** value, void**, GucSource source) {
  char detail[256] = "";  // outlives the exception
  try {
    [[maybe_unused]] const core::AddressRules rules(*value == nullptr ? "" : *value, false);
  } catch (const std::exception& error) {
    std::snprintf(detail, sizeof detail, "The list can't be used: %s.", error.what());
  } catch (...) {
    std::snprintf(detail, sizeof detail, "The list can't be used.");
  }
  return checked("connector.allowed_hosts", detail, source);
}

constexpr std::string_view spaces = " \t\r\n";

/// Calls `visit` with each id of a list.
template <typename Visit>
void for_each_id(std::string_view list, Visit&& visit) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    visit(core::trimmed(list.substr(0, comma), spaces));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

bool is_known(std::string_view id) {
  return std::ranges::any_of(providers().all(), [&](const core::KnownProvider& known) { return known.id == id; });
}

bool check_enabled_providers(char** value, void**, GucSource source) {
  char detail[256] = "";
  try {
    for_each_id(*value == nullptr ? "" : *value, [&](std::string_view id) {
      if (*detail != '\0' || is_known(id)) return;
      std::snprintf(detail, sizeof detail, "There is no provider \"%.*s\"; cdb_connectors() lists them.",
                    static_cast<int>(std::min<std::size_t>(id.size(), 63)), id.data());
    });
  } catch (...) {
    std::snprintf(detail, sizeof detail, "The list can't be used.");
  }
  return checked("connector.enabled_providers", detail, source);
}

bool check_reader_environment(char** value, void**, GucSource /*source*/) {
  char detail[256] = "";
  try {
    reader::environment_list(*value == nullptr ? "" : *value);
  } catch (const std::exception& error) {
    std::snprintf(detail, sizeof detail, "%s", error.what());
  } catch (...) {
    std::snprintf(detail, sizeof detail, "The list can't be used.");
  }
  if (*detail == '\0') return true;
  // Unlike a list that allows something, one that can't be read binds nobody: it is refused wherever it stands.
  GUC_check_errdetail("%s", detail);
  return false;
}

void define_int(const char* name, const char* description, int* variable, int minimum, int maximum, int flags = 0) {
  // A plain role can't raise what the administrator set: superusers only, and whom they GRANT SET.
  DefineCustomIntVariable(name, description, nullptr, variable, *variable, minimum, maximum, PGC_SUSET, flags, nullptr,
                          nullptr, nullptr);
}

const Fixed* fixed = nullptr;

std::string_view text_or_empty(const char* text) {
  return text == nullptr ? "" : text;
}

Settings set_now() {
  return {max_rows,
          max_columns,
          max_readers,
          max_listed_tables,
          max_imports_per_role,
          max_queued_imports_per_role,
          keep_runs,
          std::chrono::seconds(min_sync_interval),
          max_retries,
          max_syncs_per_role,
          max_stored_syncs_per_role,
          std::chrono::seconds(connect_timeout),
          std::chrono::seconds(statement_timeout),
          std::chrono::seconds(read_timeout),
          static_cast<std::size_t>(batch_bytes),
          range_rows,
          text_or_empty(enabled_providers),
          text_or_empty(allowed_hosts),
          allow_local_addresses,
          text_or_empty(reader_environment),
          static_cast<std::size_t>(reader_memory) * 1024 * 1024,
          max_reader_processes,
          max_readers_per_role};
}

}  // namespace

void define() {
  defining = true;
  define_int("connector.max_rows", "Largest number of rows that one import brings; 0 means no limit.", &max_rows, 0,
             INT_MAX);
  define_int("connector.max_columns", "Largest number of columns that a table to import may have.", &max_columns, 1,
             1600);
  define_int("connector.max_readers", "Largest number of connections by which one import reads a table.", &max_readers,
             1, 32);
  define_int("connector.max_listed_tables", "Largest number of remote tables that a listing shows.", &max_listed_tables,
             1, INT_MAX);
  define_int("connector.max_imports_per_role",
             "Largest number of imports that one role runs at the same time; 0 means no limit.", &max_imports_per_role,
             0, 1000);
  define_int("connector.max_queued_imports_per_role",
             "Largest number of imports of one role that wait in the background; 0 means no limit.",
             &max_queued_imports_per_role, 0, INT_MAX);
  define_int("connector.keep_runs",
             "Number of finished imports that are remembered for each role, and of runs for each sync.", &keep_runs, 1,
             INT_MAX);
  define_int("connector.min_sync_interval", "Shortest interval of a sync.", &min_sync_interval, 1, INT_MAX, GUC_UNIT_S);
  define_int("connector.max_retries", "Number of failures in a row after which a sync rests.", &max_retries, 1, 1000);
  define_int("connector.max_syncs_per_role",
             "Largest number of syncs of one role that run at the same time; 0 means no limit.", &max_syncs_per_role, 0,
             1000);
  define_int("connector.max_stored_syncs_per_role", "Largest number of syncs that one role may have; 0 means no limit.",
             &max_stored_syncs_per_role, 0, INT_MAX);
  DefineCustomIntVariable("connector.max_workers",
                          "Largest number of background workers that the whole cluster uses for syncs and imports.",
                          nullptr, &max_workers, max_workers, 1, settings::most_workers, PGC_SIGHUP, 0, nullptr,
                          nullptr, nullptr);
  define_int("connector.connect_timeout", "Longest time to resolve, connect and log in to a remote server.",
             &connect_timeout, 1, 3600, GUC_UNIT_S);
  define_int("connector.statement_timeout", "Longest time that one import may take; 0 means no limit.",
             &statement_timeout, 0, INT_MAX / 1000, GUC_UNIT_S);
  define_int("connector.read_timeout",
             "Longest time that a remote server may send nothing in the middle of its answer; 0 means no limit.",
             &read_timeout, 0, INT_MAX / 1000, GUC_UNIT_S);
  define_int("connector.batch_bytes", "Amount of data that is decoded before it is written to the table.", &batch_bytes,
             16 * 1024, 64 * 1024 * 1024, GUC_UNIT_BYTE);
  define_int("connector.range_rows",
             "Number of rows that a range has, about, where a merge compares checksums of ranges.", &range_rows, 1,
             INT_MAX);
  DefineCustomBoolVariable("connector.enable_key_lookup",
                           "Whether the planner may join by looking keys up in foreign tables in batches.", nullptr,
                           &enable_key_lookup, true, PGC_USERSET, GUC_EXPLAIN, nullptr, nullptr, nullptr);
  DefineCustomEnumVariable("connector.log_runs",
                           "Level at which the server's log tells of runs that fail, are cut by a limit or follow a "
                           "changed source.",
                           nullptr, &log_runs, LOG, log_levels, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomStringVariable("connector.enabled_providers",
                             "Providers that may be used, separated by commas; empty means all.", nullptr,
                             &enabled_providers, "", PGC_SUSET, 0, check_enabled_providers, nullptr, nullptr);
  DefineCustomStringVariable(
      "connector.allowed_hosts",
      "Names, addresses and CIDR ranges that may be connected to, separated by commas; empty means any.", nullptr,
      &allowed_hosts, "", PGC_SUSET, 0, check_allowed_hosts, nullptr, nullptr);
  DefineCustomBoolVariable("connector.allow_local_addresses",
                           "Whether roles that are no superuser may connect to the database server itself.", nullptr,
                           &allow_local_addresses, false, PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomStringVariable("connector.odbc_drivers",
                             "Drivers of odbcinst.ini that the provider odbc may use, separated by commas.", nullptr,
                             &odbc_drivers, "", PGC_SUSET, 0, nullptr, nullptr, nullptr);
  DefineCustomStringVariable(
      "connector.reader_environment",
      "Environment variables of reader processes, NAME=value with blanks between; values with blanks in double quotes.",
      nullptr, &reader_environment, "", PGC_SIGHUP, GUC_SUPERUSER_ONLY, check_reader_environment, nullptr, nullptr);
  define_int("connector.reader_memory", "Memory that a reader process may use; 0 means no limit.", &reader_memory, 0,
             MAX_KILOBYTES / 1024, GUC_UNIT_MB);
  DefineCustomIntVariable("connector.max_reader_processes",
                          "Largest number of reader processes of the whole cluster; 0 means no limit.", nullptr,
                          &max_reader_processes, max_reader_processes, 0, settings::most_readers, PGC_SIGHUP, 0,
                          nullptr, nullptr, nullptr);
  define_int("connector.max_readers_per_role", "Largest number of reader processes of one role; 0 means no limit.",
             &max_readers_per_role, 0, settings::most_readers);
  defining = false;
  MarkGUCPrefixReserved("connector");
}

Settings current() {
  return fixed == nullptr ? set_now() : fixed->values_;
}

Fixed::Fixed() : values_(set_now()), outer_(fixed) {
  // The texts of settings go with their next value.
  values_.enabled_providers = providers_ = values_.enabled_providers;
  values_.allowed_hosts = hosts_ = values_.allowed_hosts;
  values_.reader_environment = environment_ = values_.reader_environment;
  drivers_ = text_or_empty(odbc_drivers);
  fixed = this;
}

Fixed::~Fixed() {
  fixed = outer_;
}

bool key_lookup_is_enabled() noexcept {
  return enable_key_lookup;
}

std::optional<int> log_level_of_runs() {
  return log_runs == not_logged ? std::nullopt : std::optional(log_runs);
}

settings::RunLimits run_limits() {
  return {max_workers, max_syncs_per_role, max_imports_per_role, max_retries, keep_runs};
}

bool provider_is_enabled(std::string_view id) {
  const std::string_view list = current().enabled_providers;
  bool found = list.empty();
  for_each_id(list, [&](std::string_view listed) { found = found || listed == id; });
  return found;
}

bool odbc_driver_is_allowed(std::string_view name) {
  bool found = false;
  for_each_id(fixed == nullptr ? text_or_empty(odbc_drivers) : fixed->drivers_,
              [&](std::string_view listed) { found = found || core::same_but_for_case(listed, name); });
  return found;
}

}  // namespace connector::settings
