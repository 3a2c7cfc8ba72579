// The key `at` of a sync: at which time of the day it runs.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <optional>

#include "core/request/connector_spec.hpp"
#include "core/schedule/clock_time.hpp"

namespace connector::jobs {

/// What the request asks for, with the name of its zone as PostgreSQL spells it: that of the setting TimeZone where it
/// names none. Throws core::Error (invalid_parameters) for a zone that there is not.
std::optional<schedule::ClockTime> asked_clock_time(const core::ConnectorSpec& spec);

/// Throws core::Error (invalid_parameters) unless the interval is one of whole days.
void check_whole_days(std::chrono::seconds interval);

}  // namespace connector::jobs
