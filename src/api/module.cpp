// The module: what PostgreSQL does when it loads the library.
#include "pg/postgres.hpp"

#include "api/settings.hpp"
#include "pg/compat.h"
#include "pg/entry.hpp"

CONNECTOR_EXPORT_BEGIN
extern "C" {
CONNECTOR_MODULE_MAGIC;
void _PG_init(void);
}
CONNECTOR_EXPORT_END

void _PG_init(void) {
  // Nothing else: client libraries start in the backend that first uses them, never in the postmaster.
  connector::pg::enter([] { connector::api::define_settings(); });
}
