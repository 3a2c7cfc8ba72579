// connector.has_scheduler()
#include "pg/postgres.hpp"

#include "pg/entry.hpp"
#include "pg/worker.hpp"
#include "shmem/shared.hpp"

CONNECTOR_FUNCTION(connector_has_scheduler) {
  PG_RETURN_BOOL(connector::shmem::available() && connector::pg::worker_can_be(GetUserId()));
}
