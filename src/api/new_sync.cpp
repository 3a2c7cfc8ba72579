#include "api/new_sync.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "core/base/error.hpp"
#include "core/request/connector_reader.hpp"
#include "reader/providers.hpp"
#include "jobs/after_run.hpp"
#include "jobs/daily_time.hpp"
#include "jobs/foreign_server.hpp"
#include "jobs/import_result.hpp"
#include "jobs/sync_run.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "pg/worker.hpp"
#include "settings/settings.hpp"
#include "shmem/shared.hpp"
#include "store/imports.hpp"
#include "store/sync_names.hpp"
#include "store/syncs.hpp"

extern "C" {
#include "catalog/namespace.h"
}

namespace connector::api {

using core::Error;
using core::ErrorNumber;
using std::chrono::seconds;

namespace {

constexpr seconds default_interval{3600};
constexpr seconds default_daily_interval = std::chrono::days(1);

void announce_first_run(const store::NewSync& created, const std::optional<std::string>& batch_id) {
  store::ImportRecord record;
  record.item_queue_id = created.item_queue_id;
  record.synchronization_id = created.id;
  record.batch_id = batch_id;
  record.provider = created.provider;
  record.request = created.request.masked;
  record.state = store::ImportState::enqueued;
  record.schema = pg::utf8_text(created.target_schema);
  record.texts = created.texts;
  store::announce_import(record);
}

/// Whether both read the same: secrets, and how the rows are to be brought here, aside.
bool is_same_source(core::ConnectorSpec a, core::ConnectorSpec b) {
  if (a.provider != b.provider || a.foreign_server != b.foreign_server) return false;
  const core::ProviderInfo& info = connector::providers().find(a.provider)->info();
  for (core::ConnectorSpec* spec : {&a, &b}) {
    for (const core::ParameterInfo& parameter : info.connection_parameters) {
      // The options of a named server are those that it has now.
      if (parameter.secret || spec->foreign_server) spec->connection.erase(std::string(parameter.name));
    }
  }
  return core::with_defaults(info, a.connection) == core::with_defaults(info, b.connection) && a.session == b.session &&
         a.schema == b.schema && a.table == b.table && a.sql_query == b.sql_query;
}

/// What the sync reads; nothing for one whose request can't be read any more, as after an update, without its password,
/// or when its foreign server was dropped, or is not for this role: it is like no other.
std::optional<core::ConnectorSpec> readable_spec(const store::SameTarget& sync) {
  std::optional<core::ConnectorSpec> spec;
  try {
    pg::in_subtransaction([&] {
      spec = core::parse_connector(core::whole_connector(sync.request), core::RequestKind::sync, connector::providers(),
                                   jobs::server_provider);
    });
  } catch (const Error&) {
    return std::nullopt;
  } catch (const pg::PgError& error) {
    if (error.is_cancel()) throw;
    return std::nullopt;
  }
  return spec;
}

}  // namespace

void check_number_of_syncs(int more) {
  const int limit = settings::current().max_stored_syncs_per_role;
  if (limit == 0 || (more <= limit && !store::has_syncs(GetUserId(), limit - more + 1))) return;
  throw Error(ErrorNumber::too_many_concurrent, "this role may not have more than " + std::to_string(limit) + " syncs",
              more > 1 ? std::to_string(more) + " more are asked for." : "",
              "Delete some with cdb_sync_delete(), or have connector.max_stored_syncs_per_role raised.");
}

load::TargetSchema sync_schema(const core::ConnectorSpec& spec) {
  load::TargetSchema schema = load::find_target_schema(spec.target_schema);
  if (pg::guard([&] { return isAnyTempNamespace(schema.oid); })) {
    throw Error(ErrorNumber::invalid_parameters, "a sync can't fill a temporary table", {},
                "Other sessions run it: choose another schema with \"target_schema\".");
  }
  return schema;
}

SyncsInto find_syncs_into(const core::ConnectorSpec& spec, const std::string& schema, const std::string& table) {
  SyncsInto found;
  for (store::SameTarget& sync : store::syncs_into(GetUserId(), schema, table)) {
    found.any = true;
    const std::optional<core::ConnectorSpec> other = readable_spec(sync);
    if (!other || !is_same_source(*other, spec)) continue;
    found.same = std::move(sync);
    break;
  }
  return found;
}

NewSyncIds create_sync(const core::ConnectorSpec& spec, const core::StoredRequest& request,
                       const load::TargetSchema& schema, std::string name, std::optional<seconds> asked_interval,
                       const std::optional<std::string>& batch_id) {
  const std::optional<connector::schedule::ClockTime> at = jobs::asked_clock_time(spec);
  const seconds interval = std::max(asked_interval.value_or(at ? default_daily_interval : default_interval),
                                    settings::current().min_sync_interval);
  if (at) jobs::check_whole_days(interval);
  const store::NewSync created{pg::new_uuid(),
                               std::move(name),
                               pg::new_uuid(),
                               GetUserId(),
                               spec.provider,
                               request,
                               jobs::request_texts(spec),
                               schema.name,
                               interval,
                               at,
                               jobs::asked_statements(spec, GetUserId())};
  store::create_sync(created, store::now());
  announce_first_run(created, batch_id);
  shmem::wake_at_commit();
  return {created.id, created.item_queue_id};
}

void tell_no_scheduler() {
  if (!shmem::available()) {
    pg::notice("nothing runs this sync by itself",
               "The built-in scheduler needs connector in shared_preload_libraries. CALL cdb_run_due_syncs() runs what "
               "is due, for example from pg_cron.");
  } else if (!pg::worker_can_be(GetUserId())) {
    pg::warning("nothing runs this sync by itself, as its owner cannot log in",
                "Before PostgreSQL 17 a background worker needs a role with LOGIN.",
                "Give it LOGIN (that needs no password), let a role with LOGIN own the sync, or let CALL "
                "cdb_run_due_syncs() run what is due, for example from pg_cron.");
  } else if (shmem::short_of_workers()) {
    pg::notice("the scheduler has found no free worker process",
               "This sync waits until one is free, which may be never.",
               "You might need to increase max_worker_processes, or let CALL cdb_run_due_syncs() run what is due.");
  }
}

}  // namespace connector::api
