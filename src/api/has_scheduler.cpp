// connector.has_scheduler()
#include "pg/postgres.hpp"

#include "pg/entry.hpp"
#include "pg/worker.hpp"
#include "shmem/shared.hpp"

CONNECTOR_FUNCTION(connector_has_scheduler) {
  namespace shmem = connector::shmem;
  PG_RETURN_BOOL(shmem::available() && !shmem::short_of_workers() && connector::pg::worker_can_be(GetUserId()));
}
