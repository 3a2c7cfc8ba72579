// cdb_foreign_table().
#include "pg/postgres.hpp"

#include "api/own_sync.hpp"
#include "core/request/connector_reader.hpp"
#include "fdw/table/new_table.hpp"
#include "jobs/request.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "tcop/utility.h"
}

CONNECTOR_FUNCTION(connector_foreign_table) {
  connector::api::require_argument(fcinfo, 0, "connector");
  const connector::jobs::Request request(PG_GETARG_DATUM(0), connector::core::RequestKind::foreign_table);
  connector::pg::guard([] { PreventCommandIfReadOnly("cdb_foreign_table()"); });
  return ObjectIdGetDatum(connector::fdw::make_foreign_table(request));
}
