#include "api/sync_change.hpp"

#include <algorithm>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "jobs/after_run.hpp"
#include "jobs/conclusion.hpp"
#include "jobs/daily_time.hpp"
#include "jobs/import_result.hpp"
#include "jobs/login_gate.hpp"
#include "jobs/sync_name.hpp"
#include "pg/time_zone.hpp"
#include "settings/settings.hpp"
#include "shmem/shared.hpp"
#include "store/sync_names.hpp"

namespace connector::api {

namespace {

void rename_sync(const store::Sync& found, const std::string& name) {
  jobs::check_sync_name(name);
  const std::optional<std::string> other = jobs::lock_sync_name(found.owner, name);
  if (other == found.id) return;
  if (other) {
    throw core::Error(core::ErrorNumber::invalid_parameters, "there is another sync with name " + core::quoted(name),
                      "Its id is " + *other + ".");
  }
  store::save_name(found.id, name);
}

}  // namespace

void forget_dropped_table(store::Sync& found) {
  if (found.relation == InvalidOid || found.relation_exists) return;
  store::forget_relation(found.id);
  found.relation = InvalidOid;
}

void make_own(store::Sync& found) {
  if (found.requester == found.owner) return;
  store::take_over(found);
  const std::vector<store::NamedSync> named = store::syncs_named(found.name);
  const auto is_owners = [&](const store::NamedSync& sync) { return sync.owner == found.owner; };
  if (std::ranges::count_if(named, is_owners) > 1) {
    store::save_name(found.id, jobs::free_sync_name(found.owner, found.name));
  }
  found = *store::lock_sync(found.id);
}

void change_sync(store::Sync& found, std::optional<std::chrono::seconds> interval, jobs::Request* request,
                 const std::optional<std::string>& name) {
  if (name) rename_sync(found, *name);
  if (name && !interval && request == nullptr) return;  // which is no reason to run
  jobs::end_if_lost(found, settings::run_limits());
  make_own(found);
  forget_dropped_table(found);
  std::optional<schedule::DailyTime> at = found.schedule.at;
  if (request != nullptr) {
    // Others were forgotten just now, unless the first run made the sync another role's.
    core::StoredRequest kept = found.request;
    if (!found.secrets_are_owners) kept.secrets.reset();
    request->keep_secrets(kept);
    const std::optional<schedule::ClockTime> asked = jobs::asked_clock_time(request->spec());
    store::save_connector(found.id, request->spec().provider, request->stored(), jobs::request_texts(request->spec()),
                          asked, jobs::asked_statements(request->spec(), found.owner));
    at = pg::daily_time(asked);
  }
  // As it is now stored: its login may be another one.
  if (const std::optional<store::Sync> changed = store::lock_sync(found.id)) jobs::forget_denied_login_of(*changed);
  const std::chrono::seconds next_interval = interval.value_or(found.schedule.interval);
  if (at) jobs::check_whole_days(next_interval);
  store::save_schedule(found.id, schedule::after_change(found.schedule, next_interval, at, store::now()));
  shmem::wake_at_commit();
}

}  // namespace connector::api
