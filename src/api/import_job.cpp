#include "api/import_job.hpp"

#include "api/import_run.hpp"
#include "api/settings.hpp"
#include "api/work.hpp"
#include "api/workers.hpp"
#include "core/error.hpp"
#include "load/catalog.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/setting.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "pg/worker.hpp"
#include "sync/imports.hpp"
#include "sync/progress.hpp"
#include "sync/run_lock.hpp"
#include "sync/shared.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_authid.h"
#include "utils/syscache.h"
}

namespace connector::api {

namespace {

using sync::shared::JobEnd;
using sync::shared::JobKind;

void work(const sync::QueuedImport& import) {
  const Oid caller = GetUserId();
  const pg::ActAs owner(import.owner, SECURITY_LOCAL_USERID_CHANGE);
  pg::with_system_path([&] {
    Request request(import.request, core::RequestKind::import);
    sync::RunProgress progress(JobKind::import, import.id, import.owner);
    const load::TargetSchema schema = load::find_target_schema(pg::utf8_text(std::string_view(import.schema)));
    const ImportRun run = import_table(request, schema, caller, progress);
    {
      const pg::ActAs restricted(import.owner, pg::flags_for_code_of(import.owner, caller));
      fire_deferred_triggers();
    }
    load::record_import(describe_import(request, run, import.id).record, settings().keep_runs);
    progress.clear();
  });
}

/// Else the worker could not even say why it failed.
void check_role_can_work() {
  if (pg::any_role_can_work) return;
  const bool can_login = pg::guard([] {
    const HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(GetUserId()));
    if (!HeapTupleIsValid(tuple)) return false;
    const bool result = reinterpret_cast<Form_pg_authid>(GETSTRUCT(tuple))->rolcanlogin;
    ReleaseSysCache(tuple);
    return result;
  });
  if (can_login) return;
  throw core::Error(core::ErrorNumber::connectors_disabled, "a role that cannot log in cannot import in the background",
                    {}, "Before PostgreSQL 17 a background worker needs a role with LOGIN. Use wait => true.");
}

}  // namespace

Json queue_import(const Request& request) {
  check_role_can_work();
  const load::TargetSchema schema = load::find_target_schema(request.spec().target_schema);
  load::ImportRecord record;
  record.item_queue_id = load::new_uuid();
  record.provider = request.spec().provider;
  record.request = request.masked();
  record.state = "enqueued";
  record.schema = pg::utf8_text(std::string_view(schema.name));
  sync::queue_import(record, request.stored().secrets);
  if (sync::shared::available()) {
    sync::shared::wake_at_commit();
  } else {
    start_import_at_commit(record.item_queue_id);
  }
  return {{"item_queue_id", record.item_queue_id},
          {"success", true},
          {"state", record.state},
          {"schema", record.schema},
          {"table_name", nullptr}};
}

namespace {

/// The end of the import: false if it can't be recorded because somebody else took it for lost.
bool record_failed_commit(const sync::QueuedImport& import, const pg::PgError& error) {
  bool recorded = false;
  pg::in_subtransaction([&] {
    if (!sync::try_lock_run(import.id, sync::LockLife::session)) return;
    sync::fail_import(import, failure_of(error), settings().keep_runs);
    sync::settle_import(import.id);
    recorded = true;
  });
  return recorded;
}

}  // namespace

Attempt attempt_import(const std::string& id, Commit commit) {
  std::optional<sync::QueuedImport> import;
  bool busy = true;
  bool begun = false;
  pg::in_subtransaction([&] {
    if (!sync::try_lock_run(id, sync::LockLife::session)) return;
    import = sync::lock_queued_import(id);
    busy = import.has_value();
    const int limit = settings().max_imports_per_role;
    if (!import || !sync::try_take_place(sync::PlaceOf::import, import->owner, limit, sync::LockLife::session)) return;
    sync::begin_import(id, sync::now());
    begun = true;
  });
  commit();
  if (!begun) {
    sync::release_runs();
    return {busy ? JobEnd::busy : JobEnd::done, {}};
  }
  // The end is recorded with the work: both are there, or neither.
  WorkEnd end = do_work([&] {
    work(*import);
    sync::settle_import(id);
  });
  if (end.failure) {
    pg::in_subtransaction([&] {
      sync::fail_import(*import, *end.failure, settings().keep_runs);
      sync::settle_import(id);
    });
  }
  try {
    commit();
  } catch (const pg::PgError& error) {
    if (error.is_cancel()) end.cancelled = error;
    if (!record_failed_commit(*import, error)) {
      sync::release_runs();
      return {JobEnd::done, end.cancelled, true};
    }
    commit();
  }
  sync::release_runs();
  return {JobEnd::done, end.cancelled, true};
}

}  // namespace connector::api
