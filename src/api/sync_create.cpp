// cdb_sync_connector().
#include "pg/postgres.hpp"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>

#include "api/own_sync.hpp"
#include "api/sync_change.hpp"
#include "api/sync_interval.hpp"
#include "api/sync_status.hpp"
#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "core/request/connector_reader.hpp"
#include "core/request/kept_secrets.hpp"
#include "drivers/providers.hpp"
#include "jobs/after_run.hpp"
#include "jobs/daily_time.hpp"
#include "jobs/foreign_server.hpp"
#include "jobs/import_result.hpp"
#include "jobs/request.hpp"
#include "jobs/sync_name.hpp"
#include "jobs/sync_run.hpp"
#include "load/table/target_table.hpp"
#include "pg/entry.hpp"
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

namespace api = connector::api;
namespace core = connector::core;
namespace load = connector::load;
namespace pg = connector::pg;
namespace jobs = connector::jobs;
namespace settings = connector::settings;
namespace shmem = connector::shmem;
namespace store = connector::store;

using connector::core::Error;
using connector::core::ErrorNumber;
using connector::jobs::Request;

namespace {

using std::chrono::seconds;

constexpr seconds default_interval{3600};
constexpr seconds default_daily_interval = std::chrono::days(1);

void announce_first_run(const Request& request, const store::NewSync& created) {
  store::ImportRecord record;
  record.item_queue_id = created.item_queue_id;
  record.synchronization_id = created.id;
  record.provider = created.provider;
  record.request = request.masked();
  record.state = store::ImportState::enqueued;
  record.schema = pg::utf8_text(created.target_schema);
  record.texts = created.texts;
  store::announce_import(record);
}

void check_number_of_syncs() {
  const int limit = settings::current().max_stored_syncs_per_role;
  if (limit == 0 || !store::has_syncs(GetUserId(), limit)) return;
  throw Error(ErrorNumber::too_many_concurrent, "this role has " + std::to_string(limit) + " syncs already", {},
              "Delete some with cdb_sync_delete(), or have connector.max_stored_syncs_per_role raised.");
}

load::TargetSchema target_schema(const Request& request) {
  load::TargetSchema schema = load::find_target_schema(request.spec().target_schema);
  if (pg::guard([&] { return isAnyTempNamespace(schema.oid); })) {
    throw Error(ErrorNumber::invalid_parameters, "a sync can't fill a temporary table", {},
                "Other sessions run it: choose another schema with \"target_schema\".");
  }
  return schema;
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

/// The role's sync that reads the same into the same table, if there is one.
std::optional<store::SameTarget> same_sync(const Request& request, const std::string& schema,
                                           const std::string& table) {
  for (store::SameTarget& sync : store::syncs_into(GetUserId(), schema, table)) {
    bool is_same = false;
    try {
      pg::in_subtransaction([&] {
        is_same = is_same_source(core::parse_connector(core::whole_connector(sync.request), core::RequestKind::sync,
                                                       connector::providers(), jobs::server_provider),
                                 request.spec());
      });
    } catch (const Error&) {
      // A request that can't be read any more, as after an update or without its password, is like no other.
    } catch (const pg::PgError& error) {
      // Nor is one whose foreign server was dropped, or is not for this role any more.
      if (error.is_cancel()) throw;
    }
    if (is_same) return std::move(sync);
  }
  return std::nullopt;
}

void tell_same(const store::SameTarget& sync) {
  pg::notice("this role has a sync of this source and table already",
             "It is " + core::quoted(sync.name) + ", " + sync.id + ", and stays as it is.",
             "To change it, call cdb_sync_connector() with its name, or cdb_sync_update(). For a second table give "
             "another \"import_as\".");
}

void tell_second(const store::SameTarget& sync) {
  pg::notice("this role has another sync of this source and table",
             "It is " + core::quoted(sync.name) + ", " + sync.id + ". This one gets a table of its own.",
             "If the same sync is meant, delete this one, and call cdb_sync_update() with a name to give the other "
             "one that name.");
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

/// A new sync; returns its id.
std::string create(const Request& request, const load::TargetSchema& schema, std::string name,
                   std::optional<seconds> asked_interval) {
  check_number_of_syncs();
  const std::optional<connector::schedule::ClockTime> at = jobs::asked_clock_time(request.spec());
  const seconds interval = std::max(asked_interval.value_or(at ? default_daily_interval : default_interval),
                                    settings::current().min_sync_interval);
  if (at) jobs::check_whole_days(interval);
  const store::NewSync created{pg::new_uuid(),
                               std::move(name),
                               pg::new_uuid(),
                               GetUserId(),
                               request.spec().provider,
                               request.stored(),
                               jobs::request_texts(request.spec()),
                               schema.name,
                               interval,
                               at,
                               jobs::asked_statements(request.spec(), GetUserId())};
  store::create_sync(created, store::now());
  announce_first_run(request, created);
  tell_no_scheduler();
  shmem::wake_at_commit();
  return created.id;
}

Datum sync_connector(Request& request, std::optional<seconds> interval, const std::optional<std::string>& name) {
  jobs::check_may_sync(request.spec().provider);
  if (name) {
    jobs::check_sync_name(*name);
    if (const std::optional<std::string> id = jobs::lock_sync_name(GetUserId(), *name)) {
      store::Sync found = api::own_sync(*id);
      api::change_sync(found, interval, &request, std::nullopt);
      return api::sync_status(*id);
    }
  }
  core::refuse_masks(request.stored());
  const load::TargetSchema schema = target_schema(request);
  const std::string table = jobs::request_texts(request.spec()).target_table;
  if (name) {
    if (const std::optional<store::SameTarget> same = same_sync(request, schema.name, table)) tell_second(*same);
    return api::sync_status(create(request, schema, *name, interval));
  }
  // Locked first: a call that is just making the same sync is waited for.
  std::string free = jobs::free_sync_name(GetUserId(), pg::utf8_text(schema.name) + "." + table);
  if (const std::optional<store::SameTarget> same = same_sync(request, schema.name, table)) {
    tell_same(*same);
    return api::sync_status(same->id);
  }
  return api::sync_status(create(request, schema, std::move(free), interval));
}

}  // namespace

CONNECTOR_FUNCTION(connector_sync_create) {
  api::require_argument(fcinfo, 0, "connector");
  Request request(PG_GETARG_DATUM(0), core::RequestKind::sync, jobs::Masks::kept);
  const std::optional<seconds> interval = api::asked_interval(fcinfo, 1, &request.spec());
  api::require_writable("cdb_sync_connector()");
  return sync_connector(request, interval, api::optional_text(fcinfo, 2));
}
