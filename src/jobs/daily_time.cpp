#include "jobs/daily_time.hpp"

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "pg/text.hpp"
#include "pg/time_zone.hpp"

namespace connector::jobs {

std::optional<schedule::ClockTime> asked_clock_time(const core::ConnectorSpec& spec) {
  if (!spec.sync || !spec.sync->at) return std::nullopt;
  schedule::ClockTime time = *spec.sync->at;
  const pg::TimeZone* zone =
      time.zone.empty() ? &pg::session_time_zone() : pg::find_time_zone(pg::server_text(time.zone));
  if (zone == nullptr) {
    throw core::Error(core::ErrorNumber::invalid_parameters, "invalid connector parameters: \"sync.at\"",
                      "There is no time zone " + core::quoted(time.zone) + '.', "pg_timezone_names lists them.");
  }
  time.zone = zone->name();
  return time;
}

void check_whole_days(std::chrono::seconds interval) {
  if (interval % std::chrono::days(1) == std::chrono::seconds(0)) return;
  throw core::Error(core::ErrorNumber::invalid_parameters,
                    "a sync that runs at a time of the day needs an interval of whole days",
                    "The interval is " + std::to_string(interval.count()) + " seconds.",
                    "Give \"sync.at\" with an interval of \"1 day\", \"7 days\" and the like, or leave it out.");
}

}  // namespace connector::jobs
