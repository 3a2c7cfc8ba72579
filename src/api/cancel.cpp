// cdb_import_cancel() and cdb_sync_cancel().
#include "pg/postgres.hpp"

#include <string>

#include "api/json.hpp"
#include "api/own_sync.hpp"
#include "jobs/conclusion.hpp"
#include "jobs/import_end.hpp"
#include "jobs/run_lock.hpp"
#include "jobs/stop.hpp"
#include "pg/entry.hpp"
#include "pg/identity.hpp"
#include "pg/notice.hpp"
#include "settings/settings.hpp"
#include "shmem/shared.hpp"
#include "store/imports.hpp"
#include "store/runs.hpp"
#include "store/syncs.hpp"

namespace jobs = connector::jobs;
namespace pg = connector::pg;
namespace settings = connector::settings;
namespace shmem = connector::shmem;
namespace store = connector::store;

using connector::api::Json;
using jobs::Stop;

namespace {

/// The answer's first words, and to a person's eyes why nothing was cancelled.
Json answer(bool cancelled, Stop stop) {
  if (stop == Stop::going_on) {
    pg::notice(
        "the run goes on",
        "It ends where it next waits for something or writes rows; one that the code of another run has begun ends "
        "with that.");
  } else if (!cancelled) {
    pg::notice(stop == Stop::not_running ? "nothing was running or waiting to run"
                                         : "the run has just ended by itself");
  }
  Json result = Json::object();
  result["cancelled"] = cancelled;
  return result;
}

/// A run that is due is cancelled before it begins: on record, as any other.
bool cancel_start(const std::string& id) {
  std::optional<store::Sync> sync = store::lock_sync(id);
  if (!sync || !jobs::end_if_lost(*sync, settings::run_limits()) || !store::is_due(*sync, store::now())) return false;
  jobs::record_failed_start(*sync, jobs::cancelled_start(), settings::run_limits());
  return true;
}

Json cancel_sync(const std::string& id) {
  const connector::schedule::Time start = store::now();
  const std::optional<Oid> owner = store::sync_owner(id);
  if (!owner) throw connector::api::no_such_sync(id);
  const auto refuse = [&] { throw connector::api::no_such_sync(id); };
  if (!jobs::may_stop_runs_of(*owner)) refuse();
  const Stop stop = jobs::stop_run(shmem::JobKind::sync, id, refuse);
  bool cancelled = false;
  if (stop == Stop::not_running) {
    if (!pg::has_privileges_of(*owner)) refuse();
    cancelled = cancel_start(id);
  } else if (stop == Stop::ended) {
    // Its process passed over this, if it found the row locked.
    if (std::optional<store::Sync> sync = store::lock_sync(id)) jobs::end_if_lost(*sync, settings::run_limits());
    cancelled = !store::succeeded_since(id, start);
  }
  shmem::wake_at_commit();
  Json result = answer(cancelled, stop);
  result["synchronization_id"] = id;
  // A run that goes on in a transaction of a session's keeps it locked.
  const std::optional<store::Sync> sync = store::lock_sync(id, store::RowLock::skip);
  result["state"] = sync ? Json(store::state_name(sync->schedule.state)) : Json(nullptr);
  return result;
}

bool cancel_queued_import(const std::string& id) {
  const std::optional<store::QueuedImport> import = store::lock_queued_import(id);
  if (!import) return false;
  jobs::fail_import(*import, jobs::cancelled_start(), settings::current().keep_runs);
  store::conclude_import(id);
  shmem::wake_at_commit();  // it may have been the last one of its batch
  return true;
}

Json cancel_import(const std::string& id) {
  const std::optional<store::KnownImport> known = store::find_import(id);
  const auto refuse = [&] { throw connector::api::no_such_import(id); };
  // One that a session waits for is not on record yet.
  if (known ? !jobs::may_stop_runs_of(known->owner) : !jobs::is_live(shmem::JobKind::import, id)) refuse();
  // The first run of a sync is that sync's.
  if (known && known->synchronization_id && known->state == store::ImportState::enqueued) {
    Json result = cancel_sync(*known->synchronization_id);
    result["item_queue_id"] = id;
    return result;
  }
  const Stop stop = jobs::stop_run(shmem::JobKind::import, id, refuse);
  bool cancelled = false;
  if (stop == Stop::not_running) {
    if (!known || !pg::has_privileges_of(known->owner)) refuse();
    cancelled = cancel_queued_import(id);
  } else if (stop == Stop::ended) {
    const std::optional<store::KnownImport> ended = store::find_import(id);
    cancelled = !ended || ended->state != store::ImportState::complete;
  }
  Json result = answer(cancelled, stop);
  result["item_queue_id"] = id;
  // An import that a session waited for and that was cancelled leaves nothing on record.
  const std::optional<store::KnownImport> ended = store::find_import(id);
  result["state"] = ended ? Json(store::import_state_name(ended->state)) : Json(nullptr);
  return result;
}

}  // namespace

CONNECTOR_FUNCTION(connector_sync_cancel) {
  connector::api::require_writable("cdb_sync_cancel()");
  return connector::api::json_datum(cancel_sync(connector::api::id_argument(fcinfo)));
}

CONNECTOR_FUNCTION(connector_named_sync_cancel) {
  connector::api::require_writable("cdb_sync_cancel()");
  return connector::api::json_datum(cancel_sync(connector::api::named_argument(fcinfo)));
}

CONNECTOR_FUNCTION(connector_import_cancel) {
  connector::api::require_argument(fcinfo, 0, "item_queue_id");
  connector::api::require_writable("cdb_import_cancel()");
  return connector::api::json_datum(cancel_import(connector::api::id_argument(fcinfo)));
}
