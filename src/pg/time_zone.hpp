// PostgreSQL's time zones.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "core/schedule/clock_time.hpp"
#include "core/schedule/schedule.hpp"
#include "core/schedule/time_zone.hpp"

namespace connector::pg {

/// A zone by PostgreSQL's data; what its clocks show is what AT TIME ZONE gives.
class TimeZone final : public schedule::TimeZone {
 public:
  explicit TimeZone(pg_tz* data);

  const std::string& name() const noexcept { return name_; }
  schedule::LocalTime clock_at(schedule::Time moment) const override;
  schedule::Time moment_of(schedule::LocalTime clock) const override;

 private:
  pg_tz* data_;
  std::string name_;
};

/// The zone of that name, in any case; null if PostgreSQL knows none. It lives as long as the process. Throws PgError.
const TimeZone* find_time_zone(const std::string& name);

/// That of the setting TimeZone.
const TimeZone& session_time_zone();

/// As decisions need it; empty if there is none, or its zone is none that PostgreSQL knows (any more). Throws PgError.
std::optional<schedule::DailyTime> daily_time(const std::optional<schedule::ClockTime>& time);

}  // namespace connector::pg
