// cdb_import_connector(), connector.import_without_source().
#include "pg/postgres.hpp"

#include "jobs/foreign_keys.hpp"
#include "jobs/import_job.hpp"
#include "jobs/import_run.hpp"
#include "jobs/import_without_source.hpp"
#include "api/json.hpp"
#include "api/own_sync.hpp"
#include "jobs/request.hpp"
#include "core/base/error.hpp"
#include "pg/uuid.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"
#include "jobs/progress.hpp"
#include "jobs/run_lock.hpp"
#include "core/request/connector_reader.hpp"
#include "jobs/import_result.hpp"
#include "jobs/stop.hpp"

extern "C" {
#include "tcop/utility.h"
}

using connector::api::Json;
using connector::api::json_datum;
using connector::core::ErrorNumber;
using connector::jobs::Request;

namespace {

void take_place() {
  const int limit = connector::settings::current().max_imports_per_role;
  if (try_take_place(connector::jobs::PlaceOf::import, GetUserId(), limit, connector::jobs::LockLife::transaction)) {
    return;
  }
  throw connector::core::Error(ErrorNumber::too_many_concurrent,
                               "this role already runs " + std::to_string(limit) + " imports", {},
                               "Wait for one of them to end, or have connector.max_imports_per_role raised.");
}

Json import(Datum json, bool wait) {
  Request request(json, connector::core::RequestKind::import);
  connector::pg::guard([] {
    // Before anything is contacted. PostgreSQL refuses the same way on a standby, where all transactions are read-only.
    PreventCommandIfReadOnly("cdb_import_connector()");
  });
  if (!wait) {
    connector::jobs::check_can_import_in_background();
    connector::jobs::check_may_queue(connector::jobs::waiting_imports());
    const connector::store::ImportRecord queued = connector::jobs::queue_import(
        request.spec(), request.stored(), connector::load::find_target_schema(request.spec().target_schema));
    return {{"item_queue_id", queued.item_queue_id},
            {"success", true},
            {"state", connector::store::import_state_name(queued.state)},
            {"schema", queued.schema},
            {"table_name", nullptr}};
  }
  const connector::load::TargetSchema schema = connector::load::find_target_schema(request.spec().target_schema);
  take_place();
  const std::string id = connector::pg::new_uuid();
  const connector::store::RequestTexts texts = connector::jobs::request_texts(request.spec());
  connector::jobs::RunProgress progress(
      connector::shmem::JobKind::import, id, GetUserId(), InvalidOid,
      {texts.server, texts.source, connector::pg::utf8_text(schema.name), texts.target_table});
  connector::jobs::ImportRun run = connector::jobs::import_table(request, schema, GetUserId(), progress);
  if (OidIsValid(run.result.table)) {
    for (std::string& problem : connector::jobs::add_foreign_keys(request.spec(), run, GetUserId())) {
      run.result.left_out.push_back(std::move(problem));
    }
  }
  connector::jobs::end_stoppable(id);
  const connector::store::ImportRecord record = connector::jobs::import_record(request, run, id);
  connector::store::record_import(record, connector::settings::current().keep_runs);
  return Json::parse(*record.result);
}

}  // namespace

CONNECTOR_FUNCTION(connector_import) {
  connector::api::require_argument(fcinfo, 0, "connector");
  connector::api::require_argument(fcinfo, 1, "wait");
  return json_datum(import(PG_GETARG_DATUM(0), PG_GETARG_BOOL(1)));
}

CONNECTOR_FUNCTION(connector_import_without_source) {
  connector::api::require_writable("import_without_source()");
  return connector::pg::uuid_datum(connector::jobs::import_without_source());
}
