#include "pg/time_zone.hpp"

#include <map>

#include "pg/guard.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "pgtime.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"
}

namespace connector::pg {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

// PostgreSQL counts from 2000 on.
constexpr microseconds epoch_difference{(POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * USECS_PER_DAY};

/// PostgreSQL keeps a zone that it has loaded once, and so is this one kept.
const TimeZone* kept(pg_tz* data) {
  static auto& zones = *new std::map<pg_tz*, TimeZone>;
  return &zones.try_emplace(data, data).first->second;
}

}  // namespace

TimeZone::TimeZone(pg_tz* data) : data_(data), name_(pg_get_timezone_name(data)) {}

schedule::LocalTime TimeZone::clock_at(schedule::Time moment) const {
  const microseconds time = moment.time_since_epoch();
  pg_tm parts;
  fsec_t fraction;
  int west;  // seconds
  const bool known = timestamp2tm((time - epoch_difference).count(), &west, &parts, &fraction, nullptr, data_) == 0;
  return schedule::LocalTime(time - seconds(known ? west : 0));
}

schedule::Time TimeZone::moment_of(schedule::LocalTime clock) const {
  const microseconds time = clock.time_since_epoch();
  pg_tm parts;
  fsec_t fraction;
  const bool known = timestamp2tm((time - epoch_difference).count(), nullptr, &parts, &fraction, nullptr, nullptr) == 0;
  return schedule::Time(time + seconds(known ? DetermineTimeZoneOffset(&parts, data_) : 0));
}

const TimeZone* find_time_zone(const std::string& name) {
  pg_tz* const data = guard([&] { return pg_tzset(name.c_str()); });
  // Zones that count leap seconds have no place in PostgreSQL's timestamps.
  return data != nullptr && pg_tz_acceptable(data) ? kept(data) : nullptr;
}

const TimeZone& session_time_zone() {
  return *kept(session_timezone);
}

std::optional<schedule::DailyTime> daily_time(const std::optional<schedule::ClockTime>& time) {
  const TimeZone* zone = time ? find_time_zone(time->zone) : nullptr;
  if (zone == nullptr) return std::nullopt;
  return schedule::DailyTime{time->time_of_day, zone};
}

}  // namespace connector::pg
