#include "reader/program/own_providers.hpp"

#ifdef READER_WITH_MYSQL
#include "drivers/mysql/provider.hpp"
#endif

#ifdef READER_WITH_POSTGRES
#include "drivers/postgres/provider.hpp"
#endif

#ifdef READER_WITH_SQLSERVER
#include "drivers/sqlserver/provider.hpp"
#endif

#ifdef READER_WITH_HIVE
#include "drivers/hive/provider.hpp"
#endif

#ifdef READER_WITH_ODBC
#include "drivers/odbc/provider.hpp"
#endif

namespace connector::reader {

const core::Provider* own_provider(std::string_view id) {
#ifdef READER_WITH_MYSQL
  if (id == "mysql") return &mysql::provider();
#endif
#ifdef READER_WITH_POSTGRES
  if (id == "postgres") return &postgres::provider();
#endif
#ifdef READER_WITH_SQLSERVER
  if (id == "sqlserver") return &sqlserver::provider();
#endif
#ifdef READER_WITH_HIVE
  if (id == "hive") return &hive::provider();
#endif
#ifdef READER_WITH_ODBC
  if (id == "odbc") return &odbc::provider();
#endif
  return nullptr;
}

}  // namespace connector::reader
