// The module: what PostgreSQL does when it loads the library.
#include "pg/postgres.hpp"

#include "api/settings.hpp"
#include "pg/compat.h"
#include "pg/entry.hpp"

extern "C" {
CONNECTOR_MODULE_MAGIC;
PGDLLEXPORT void _PG_init(void);
}

void _PG_init(void) {
  // Nothing else: client libraries start in the backend that first uses them, never in the postmaster.
  connector::pg::enter([] { connector::api::define_settings(); });
}
