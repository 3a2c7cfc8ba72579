#include "jobs/daily_time.hpp"

#include <string_view>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "pg/text.hpp"
#include "pg/time_zone.hpp"

namespace connector::jobs {

namespace {

core::Error wrong_zone(const std::string& detail, const std::string& hint) {
  return core::Error(core::ErrorNumber::invalid_parameters, "invalid connector parameters: \"sync.at\"", detail, hint);
}

/// "UTC+2", "+02", "5": PostgreSQL would take it as POSIX does, and count to the west, where ISO 8601 counts to the
/// east. The few that have a name of their own (GMT+0) are no exception.
bool is_bare_offset(std::string_view zone) {
  constexpr std::string_view digits = "0123456789";
  const std::size_t sign = zone.find_first_of("+-");
  if (sign == std::string_view::npos) return digits.find(zone.front()) != std::string_view::npos;
  // "Etc/GMT+2" is the name of a zone; "<+03>-3" is what SET TIME ZONE makes.
  return zone.find_first_of("/<") == std::string_view::npos && sign + 1 < zone.size() &&
         digits.find(zone[sign + 1]) != std::string_view::npos;
}

}  // namespace

std::optional<schedule::ClockTime> asked_clock_time(const core::ConnectorSpec& spec) {
  if (!spec.sync || !spec.sync->at) return std::nullopt;
  schedule::ClockTime time = *spec.sync->at;
  if (!time.zone.empty() && is_bare_offset(time.zone)) {
    throw wrong_zone(core::quoted(time.zone) + " is no name of a time zone, and the sign of an offset is ambiguous.",
                     "Give the name of a place, as in \"02:00 Europe/Berlin\", or UTC. pg_timezone_names lists them.");
  }
  const pg::TimeZone* zone =
      time.zone.empty() ? &pg::session_time_zone() : pg::find_time_zone(pg::server_text(time.zone));
  if (zone == nullptr) {
    throw wrong_zone("There is no time zone " + core::quoted(time.zone) + '.', "pg_timezone_names lists them.");
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
