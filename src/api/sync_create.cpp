// cdb_sync_connector().
#include "pg/postgres.hpp"

#include <chrono>
#include <optional>
#include <string>

#include "api/new_sync.hpp"
#include "api/own_sync.hpp"
#include "api/sync_change.hpp"
#include "api/sync_interval.hpp"
#include "api/sync_status.hpp"
#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "core/request/connector_reader.hpp"
#include "core/request/kept_secrets.hpp"
#include "jobs/import_result.hpp"
#include "jobs/request.hpp"
#include "jobs/sync_name.hpp"
#include "jobs/sync_run.hpp"
#include "load/table/target_table.hpp"
#include "pg/entry.hpp"
#include "pg/notice.hpp"
#include "pg/text.hpp"
#include "store/sync_names.hpp"
#include "store/syncs.hpp"

namespace api = connector::api;
namespace core = connector::core;
namespace load = connector::load;
namespace pg = connector::pg;
namespace jobs = connector::jobs;
namespace store = connector::store;

using connector::core::Error;
using connector::core::ErrorNumber;
using connector::jobs::Request;

namespace {

using std::chrono::seconds;

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

/// Where a relation has the name that the new sync's table is to have: what becomes of that is known by the first run.
void tell_taken(const core::ConnectorSpec& spec, const load::TargetSchema& schema, const std::string& table) {
  if (spec.collision_strategy == core::CollisionStrategy::overwrite) return;
  if (!load::is_taken(schema.oid, pg::exact_server_text(table))) return;
  const bool renames = spec.collision_strategy == core::CollisionStrategy::rename;
  pg::notice("relation " + core::quoted(table) + " already exists",
             renames ? "A sync fills a table of its own: the first run makes one with a number behind that name."
                     : "The first run will fail if it still does.",
             "With \"collision_strategy\": \"overwrite\" the sync takes that table over; \"import_as\" gives another "
             "name.");
}

/// A new sync; returns its id.
std::string create(const Request& request, const load::TargetSchema& schema, std::string name,
                   std::optional<seconds> interval) {
  api::check_number_of_syncs(1);
  std::string id = api::create_sync(request.spec(), request.stored(), schema, std::move(name), interval).id;
  tell_taken(request.spec(), schema, jobs::request_texts(request.spec()).target_table);
  api::tell_no_scheduler();
  return id;
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
  const load::TargetSchema schema = api::sync_schema(request.spec());
  const std::string table = jobs::request_texts(request.spec()).target_table;
  if (name) {
    const api::SyncsInto others = api::find_syncs_into(request.spec(), schema.name, table);
    if (others.same) tell_second(*others.same);
    return api::sync_status(create(request, schema, *name, interval));
  }
  // Locked first: a call that is just making the same sync is waited for.
  std::string free = jobs::free_sync_name(GetUserId(), pg::utf8_text(schema.name) + "." + table);
  const api::SyncsInto others = api::find_syncs_into(request.spec(), schema.name, table);
  if (others.same) {
    tell_same(*others.same);
    return api::sync_status(others.same->id);
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
