#include "api/sync_interval.hpp"

#include <string>

#include "core/base/error.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"
#include "settings/settings.hpp"

extern "C" {
#include "datatype/timestamp.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
}

namespace connector::api {

using core::Error;
using core::ErrorNumber;
using std::chrono::seconds;

namespace {

constexpr seconds longest_interval{100LL * 366 * 24 * 3600};

/// As EXTRACT(EPOCH …) counts, whole seconds.
std::int64_t interval_seconds(const Interval& interval) {
  const int years = interval.month / 12;
  const double days = years * 365.25 + (interval.month % 12) * 30.0 + interval.day;
  return static_cast<std::int64_t>(days * 86400.0 + static_cast<double>(interval.time) / 1e6);
}

Datum read_interval(const std::string& text) {
  const std::string server = pg::exact_server_text(text);
  try {
    return pg::guard([&] {
      return DirectFunctionCall3(interval_in, CStringGetDatum(server.c_str()), ObjectIdGetDatum(InvalidOid),
                                 Int32GetDatum(-1));
    });
  } catch (const pg::PgError&) {
    throw Error(ErrorNumber::invalid_parameters, "invalid connector parameters",
                "Key \"interval\" must be a number of seconds or the text of an interval.",
                "Write 900, or \"15 minutes\".")
        .with_parameter("interval");
  }
}

seconds checked_interval(Datum interval) {
  const seconds asked(interval_seconds(*DatumGetIntervalP(interval)));
  const seconds minimum = settings::current().min_sync_interval;
  if (asked < minimum) {
    throw Error(ErrorNumber::invalid_parameters,
                "sync interval must be at least " + std::to_string(minimum.count()) + " seconds",
                "It is " + std::to_string(asked.count()) + " seconds.",
                "An administrator can lower connector.min_sync_interval.")
        .with_parameter("interval");
  }
  if (asked > longest_interval) {
    throw Error(ErrorNumber::invalid_parameters, "sync interval must be at most 100 years", {},
                "cdb_import_connector() imports once.")
        .with_parameter("interval");
  }
  return asked;
}

}  // namespace

std::optional<seconds> asked_interval(FunctionCallInfo fcinfo, int argument, const core::ConnectorSpec* spec) {
  if (!fcinfo->args[argument].isnull) return checked_interval(fcinfo->args[argument].value);
  if (spec != nullptr && spec->interval) return checked_interval(read_interval(*spec->interval));
  return std::nullopt;
}

}  // namespace connector::api
