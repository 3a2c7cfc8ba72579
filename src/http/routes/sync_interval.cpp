#include "http/routes/sync_interval.hpp"

#include <charconv>
#include <cmath>
#include <cstdint>

#include "http/routes/failure_reply.hpp"
#include "http/routes/own_objects.hpp"

namespace connector::http {

namespace {

constexpr const char* least_statement =
    "SELECT m.least OPERATOR(pg_catalog.>) $1::pg_catalog.interval, pg_catalog.date_part('epoch', "
    "m.least)::pg_catalog.int8 FROM (SELECT pg_catalog.current_setting('connector.min_sync_interval')"
    "::pg_catalog.interval AS least) m";

/// "15 minutes"; in seconds where these are no whole minutes.
std::string duration_text(long long seconds) {
  const bool in_minutes = seconds > 0 && seconds % 60 == 0;
  const long long count = in_minutes ? seconds / 60 : seconds;
  return std::to_string(count) + (in_minutes ? " minute" : " second") + (count == 1 ? "" : "s");
}

/// If the interval is shorter than connector.min_sync_interval: how long that is. Otherwise nothing.
Task<std::optional<std::string>> least_interval(Call& call, std::string interval) {
  const Rows rows = co_await call.query(least_statement, std::move(interval));
  if (value_at(rows, 0, 0) != "t") co_return std::nullopt;
  co_return duration_text(std::stoll(text_at(rows, 0, 1)));
}

/// The same number as PostgreSQL reads it in an interval: 1e3 is 1000. Nothing for one with a fraction; one that is too
/// large for an interval stays as it is.
std::optional<std::string> whole_seconds(const std::string& number) {
  constexpr double most = 1e15;
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error == std::errc::result_out_of_range || std::abs(value) > most) return number;
  if (error != std::errc() || std::trunc(value) != value) return std::nullopt;
  return std::to_string(static_cast<std::int64_t>(value));
}

}  // namespace

Value interval_value(const std::optional<core::JsonValue>& given) {
  if (!given) return std::nullopt;
  using Type = core::JsonValue::Type;
  if (given->type == Type::string || given->type == Type::integer) return given->text;
  std::optional<std::string> seconds;
  if (given->type == Type::decimal) seconds = whole_seconds(given->text);
  if (seconds) return seconds;
  Json body;
  body["errors"] = "\"interval\" must be a whole number of seconds or the text of an interval";
  body["hint"] = "Write 900, \"900\" or \"15 minutes\".";
  throw Refusal{json_reply(body, 400)};
}

Task<Reply> interval_failure_reply(Call& call, SqlFailure failure, Value interval) {
  if (!interval || !is_invalid_request(failure)) co_return failure_reply(failure);
  const std::optional<std::string> least = co_await least_interval(call, *interval);
  if (!least) co_return failure_reply(failure);
  Json body;
  body["errors"] = "Invalid interval: Sync interval must be at least " + *least;
  co_return failure_reply(failure, 400, std::move(body));
}

}  // namespace connector::http
