#include "reader/providers.hpp"

#ifdef WITH_MYSQL
#include "drivers/mysql/provider.hpp"
#endif

#ifdef WITH_POSTGRES
#include "drivers/postgres/provider.hpp"
#endif

#ifdef WITH_SQLSERVER
#include "drivers/sqlserver/provider.hpp"
#endif

#ifdef WITH_HIVE
#include "drivers/hive/provider.hpp"
#endif

#ifdef WITH_ODBC
#include "drivers/odbc/info.hpp"
#include "reader/provider.hpp"
#endif

namespace connector {

const core::Registry& providers() {
  // Each driver hands out its provider object; nothing is initialised before a connection is made.
#ifdef WITH_ODBC
  static const reader::ReaderProvider odbc_provider(odbc::info());
#endif
  static const core::Registry registry({
#ifdef WITH_MYSQL
      {"mysql", "MySQL", &mysql::provider()},
#else
      {"mysql", "MySQL", nullptr},
#endif
#ifdef WITH_POSTGRES
      {"postgres", "PostgreSQL", &postgres::provider()},
#else
      {"postgres", "PostgreSQL", nullptr},
#endif
#ifdef WITH_SQLSERVER
      {"sqlserver", "Microsoft SQL Server", &sqlserver::provider()},
#else
      {"sqlserver", "Microsoft SQL Server", nullptr},
#endif
#ifdef WITH_HIVE
      {"hive", "Hive", &hive::provider()},
#else
      {"hive", "Hive", nullptr},
#endif
#ifdef WITH_ODBC
      {"odbc", "ODBC", &odbc_provider},
#else
      {"odbc", "ODBC", nullptr},
#endif
  });
  return registry;
}

}  // namespace connector
