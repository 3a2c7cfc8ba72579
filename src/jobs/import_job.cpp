#include "jobs/import_job.hpp"

#include "jobs/as_owner.hpp"
#include "jobs/foreign_keys.hpp"
#include "jobs/import_run.hpp"
#include "jobs/request.hpp"
#include "settings/settings.hpp"
#include "jobs/work.hpp"
#include "jobs/import_start.hpp"
#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/worker.hpp"
#include "store/import_batches.hpp"
#include "store/imports.hpp"
#include "store/role_settings.hpp"
#include "jobs/progress.hpp"
#include "jobs/run_lock.hpp"
#include "shmem/shared.hpp"
#include "core/request/connector_reader.hpp"
#include "jobs/import_end.hpp"
#include "jobs/import_result.hpp"
#include "jobs/stop.hpp"

namespace connector::jobs {

namespace {

using shmem::JobEnd;
using shmem::JobKind;

/// Of one of many, the foreign keys wait for the others.
void keep_references(const store::QueuedImport& import, const Request& request, const ImportRun& run, Oid caller) {
  if (import.in_batch) {
    store::save_references(import.id, references_text(imported_table(request.spec(), run)));
  } else {
    const std::vector<std::string> problems = add_foreign_keys(request.spec(), run, caller);
    if (!problems.empty()) store::save_problem(import.id, core::joined(problems, "\n"));
  }
}

void work(const store::QueuedImport& import, load::Progress& progress) {
  const Oid caller = GetUserId();
  as_owner(import.owner, [&] {
    Request request(import.request, core::RequestKind::import);
    const load::TargetSchema schema = load::find_target_schema(pg::utf8_text(import.schema));
    const ImportRun run = import_table(request, schema, caller, progress);
    if (request.spec().keep.foreign_keys && OidIsValid(run.result.table)) keep_references(import, request, run, caller);
    {
      const pg::ActAs restricted(import.owner, pg::flags_for_code_of(import.owner, caller));
      fire_deferred_triggers();
    }
    store::record_import(import_record(request, run, import.id), settings::current().keep_runs);
  });
}

}  // namespace

void check_can_import_in_background() {
  if (pg::worker_can_be(GetUserId())) return;
  throw core::Error(core::ErrorNumber::connectors_disabled, "a role that cannot log in cannot import in the background",
                    {}, "Before PostgreSQL 17 a background worker needs a role with LOGIN. Use wait => true.");
}

int waiting_imports() {
  const int limit = settings::current().max_queued_imports_per_role;
  return limit > 0 ? store::queued_import_count(GetUserId(), limit) : 0;
}

void check_may_queue(int waiting) {
  const int limit = settings::current().max_queued_imports_per_role;
  if (limit == 0 || waiting < limit) return;
  throw core::Error(core::ErrorNumber::too_many_concurrent,
                    "this role has " + std::to_string(limit) + " imports that wait", {},
                    "Wait until some have ended, or have connector.max_queued_imports_per_role raised.");
}

store::ImportRecord queue_import(const core::ConnectorSpec& spec, const core::StoredRequest& request,
                                 const load::TargetSchema& schema, const std::optional<std::string>& batch_id) {
  store::ImportRecord record;
  record.item_queue_id = pg::new_uuid();
  record.batch_id = batch_id;
  record.provider = spec.provider;
  record.request = request.masked;
  record.state = store::ImportState::enqueued;
  record.schema = pg::utf8_text(schema.name);
  record.texts = request_texts(spec);
  store::queue_import(record, request.secrets);
  if (shmem::available()) {
    shmem::wake_at_commit();
  } else {
    start_import_at_commit(record.item_queue_id);
  }
  return record;
}

namespace {

/// The end of the import: false if it can't be recorded because somebody else took it for lost.
bool record_failed_commit(const store::QueuedImport& import, const store::Failure& failure) {
  bool recorded = false;
  pg::in_subtransaction([&] {
    if (!jobs::try_lock_run(import.id, jobs::LockLife::session)) return;
    fail_import(import, failure, settings::current().keep_runs);
    store::conclude_import(import.id);
    recorded = true;
  });
  return recorded;
}

}  // namespace

Attempt attempt_import(const std::string& id, Commit commit) {
  std::optional<store::QueuedImport> import;
  bool busy = true;
  bool begun = false;
  pg::in_subtransaction([&] {
    if (!jobs::try_lock_run(id, jobs::LockLife::session)) return;
    import = store::lock_queued_import(id);
    busy = import.has_value();
    if (!import) return;
    const int limit = store::role_setting(import->owner, "connector.max_imports_per_role")
                          .value_or(settings::current().max_imports_per_role);
    if (!jobs::try_take_place(jobs::PlaceOf::import, import->owner, limit, jobs::LockLife::session)) return;
    store::begin_import(id, store::now());
    begun = true;
  });
  commit();
  if (!begun) {
    jobs::release_runs();
    return {busy ? JobEnd::busy : JobEnd::done, {}};
  }
  // The end is recorded with the work: both are there, or neither.
  jobs::RunProgress progress(
      JobKind::import, import->id, import->owner, InvalidOid,
      {import->texts.server, import->texts.source, pg::utf8_text(import->schema), import->texts.target_table});
  WorkEnd end = do_work(import->owner, [&] {
    work(*import, progress);
    store::conclude_import(id);
  });
  if (end_stoppable(id)) end.cancelled.reset();  // as run_sync() does
  if (end.failure) {
    pg::in_subtransaction([&] {
      fail_import(*import, *end.failure, settings::current().keep_runs);
      store::conclude_import(id);
    });
  }
  try {
    commit();
  } catch (const pg::PgError& error) {
    if (error.is_cancel()) end.cancelled = error;
    // What the work failed of says more than what its end left behind, as a lost connection of postgres_fdw's.
    if (!record_failed_commit(*import, end.failure ? *end.failure : failure_of(error))) {
      jobs::release_runs();
      return {JobEnd::done, end.cancelled, true};
    }
    commit();
  }
  jobs::release_runs();
  return {JobEnd::done, end.cancelled, true};
}

}  // namespace connector::jobs
