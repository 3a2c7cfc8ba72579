#include "http/routes/synchronizations.hpp"

#include "http/routes/path_id.hpp"

namespace connector::http {

namespace {

Task<Reply> show(Call& call) {
  const Rows rows = co_await call.query("SELECT @extschema@.cdb_sync_status($1::pg_catalog.uuid)", uuid_of_path(call));
  co_return Reply{.body = *rows[0][0]};
}

}  // namespace

std::vector<Route> synchronization_routes() {
  return {{.method = Method::get,
           .path = "/api/v1/synchronizations/{id}",
           .operation = "get_synchronization",
           .summary = "The state of a sync",
           .handler = show,
           .answers = {{200, "The sync", "Synchronization"}}}};
}

}  // namespace connector::http
