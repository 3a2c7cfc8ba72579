// The module: what PostgreSQL does when it loads the library.
#include "pg/postgres.hpp"

#include "fdw/key_lookup_node.hpp"
#include "load/stream/incoming_node.hpp"
#include "settings/settings.hpp"
#include "scheduler/workers.hpp"
#include "pg/compat.h"
#include "pg/entry.hpp"
#include "shmem/shared.hpp"
#include "scheduler/utility_hook.hpp"

extern "C" {
#include "miscadmin.h"
}

CONNECTOR_EXPORT_BEGIN
extern "C" {
CONNECTOR_MODULE_MAGIC;
// NOLINTNEXTLINE(bugprone-reserved-identifier, readability-identifier-naming): PostgreSQL looks for this name
void _PG_init(void);
}
CONNECTOR_EXPORT_END

void _PG_init(void) {
  // Client libraries start in the backend that first uses them, never in the postmaster.
  connector::pg::enter([] {
    connector::settings::define();
    connector::fdw::install_key_lookup();
    connector::load::install_incoming_node();
    if (!process_shared_preload_libraries_in_progress) return;
    connector::shmem::request();
    // What is written while pg_upgrade reads the old cluster, or fills the new one, is lost or worse.
    if (!IsBinaryUpgrade) connector::scheduler::register_launcher();
    connector::scheduler::install_utility_hook();
  });
}
