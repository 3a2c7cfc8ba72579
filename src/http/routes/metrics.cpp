#include "http/routes/metrics.hpp"

#include <array>

#include "http/routes/metric_text.hpp"
#include "http/routes/services.hpp"

namespace connector::http {

namespace {

/// So many syncs have series of their own, the newest ones.
constexpr std::size_t most_syncs = 1000;

constexpr const char* totals_statement =
    "SELECT s.provider, s.state, pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE s.paused), "
    "pg_catalog.count(*) FILTER (WHERE s.failing_since IS NOT NULL), pg_catalog.count(*) FILTER (WHERE s.gave_up), "
    "pg_catalog.count(*) FILTER (WHERE NOT s.paused AND s.state OPERATOR(pg_catalog.<>) 'syncing' AND "
    "s.run_at OPERATOR(pg_catalog.<) (pg_catalog.now() OPERATOR(pg_catalog.-) '5 minutes'::pg_catalog.interval)) "
    "FROM connector.syncs s GROUP BY s.provider, s.state ORDER BY s.provider, s.state";

/// The same numbers as in monitoring/queries.yaml, by the same names.
constexpr const char* syncs_statement =
    "SELECT s.id, s.provider, (s.failing_since IS NOT NULL)::pg_catalog.int4, s.gave_up::pg_catalog.int4, "
    "s.paused::pg_catalog.int4, (s.state OPERATOR(pg_catalog.=) 'syncing')::pg_catalog.int4, s.retried_times, "
    "EXTRACT(epoch FROM s.\"interval\"), coalesce(EXTRACT(epoch FROM s.ran_at), 0), "
    "coalesce(EXTRACT(epoch FROM s.run_at), 0), "
    "EXTRACT(epoch FROM pg_catalog.now() OPERATOR(pg_catalog.-) coalesce(s.ran_at, s.created_at)), "
    "s.successes, s.failures, s.rows_read "
    "FROM connector.syncs s ORDER BY s.created_at DESC, s.id LIMIT $1::pg_catalog.int8";

constexpr const char* imports_statement =
    "SELECT i.state, pg_catalog.count(*) FROM connector.imports i WHERE i.synchronization_id IS NULL GROUP BY i.state "
    "ORDER BY i.state";

struct Metric {
  const char* name;
  const char* kind;
  const char* help;
};

/// In the order of the columns, behind provider and state.
constexpr std::array<Metric, 5> totals{{
    {"connector_syncs_count", "gauge", "Syncs"},
    {"connector_syncs_paused", "gauge", "Syncs whose clock is stopped"},
    {"connector_syncs_failing", "gauge", "Syncs whose last run that ended failed"},
    {"connector_syncs_gave_up", "gauge", "Syncs that are not tried again by themselves"},
    {"connector_syncs_overdue", "gauge", "Syncs that should have run more than five minutes ago"},
}};

/// In the order of the columns, behind id and provider.
constexpr std::array<Metric, 12> of_syncs{{
    {"connector_sync_failing", "gauge", "1 if the last run that ended failed"},
    {"connector_sync_gave_up", "gauge", "1 if the sync is not tried again by itself"},
    {"connector_sync_paused", "gauge", "1 if the clock of the sync is stopped"},
    {"connector_sync_running", "gauge", "1 if a run is under way"},
    {"connector_sync_failures_in_a_row", "gauge", "Failures since the last success"},
    {"connector_sync_interval_seconds", "gauge", "Time between two runs"},
    {"connector_sync_last_success_timestamp_seconds", "gauge", "When the last success ended; 0 if there was none"},
    {"connector_sync_next_run_timestamp_seconds", "gauge", "When the next run is due; 0 if the sync gave up"},
    {"connector_sync_staleness_seconds", "gauge",
     "Time since the last success, before the first one since the sync was made"},
    {"connector_sync_successes_total", "counter", "Runs that succeeded"},
    {"connector_sync_failures_total", "counter", "Runs that failed"},
    {"connector_sync_rows_read_total", "counter", "Rows that all runs read"},
}};

void add_totals(MetricText& text, const Rows& rows) {
  for (std::size_t i = 0; i < totals.size(); ++i) {
    text.begin(totals.at(i).name, totals.at(i).kind, totals.at(i).help);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      text.add({{"provider", text_at(rows, r, 0)}, {"state", text_at(rows, r, 1)}}, text_at(rows, r, i + 2));
    }
  }
}

void add_syncs(MetricText& text, const Rows& rows) {
  for (std::size_t i = 0; i < of_syncs.size(); ++i) {
    text.begin(of_syncs.at(i).name, of_syncs.at(i).kind, of_syncs.at(i).help);
    for (std::size_t r = 0; r < rows.size(); ++r) {
      text.add({{"sync_id", text_at(rows, r, 0)}, {"provider", text_at(rows, r, 1)}}, text_at(rows, r, i + 2));
    }
  }
}

void add_program(MetricText& text, const Services& services) {
  text.begin("connector_http_requests_total", "counter", "Requests that were answered");
  for (const auto& [of, count] : services.counters.requests) {
    const auto& [route, method, hundreds] = of;
    text.add({{"route", route}, {"method", method}, {"status", std::to_string(hundreds) + "xx"}},
             std::to_string(count));
  }
  text.begin("connector_http_connections", "gauge", "Connections of clients");
  text.add({}, std::to_string(services.counters.connections));
  text.begin("connector_http_sessions", "gauge", "Sessions of roles in the database, kept ones included");
  text.add({}, std::to_string(services.pool.sessions()));
  text.begin("connector_http_event_streams", "gauge", "Streams of events");
  text.add({}, std::to_string(services.events.streams()));
  text.begin("connector_http_page_sessions", "gauge", "Sessions of the page");
  text.add({}, std::to_string(services.sessions.size()));
  text.begin("connector_http_failed_logins_total", "counter", "Attempts that let nobody in");
  const LogIn::Failures& failures = services.log_in.failures();
  text.add({{"reason", "refused"}}, std::to_string(failures.refused));
  text.add({{"reason", "unknown_key"}}, std::to_string(failures.unknown_key));
  text.add({{"reason", "no_session"}}, std::to_string(failures.no_session));
  text.add({{"reason", "unprotected"}}, std::to_string(failures.unprotected));
  text.add({{"reason", "superuser"}}, std::to_string(failures.superuser));
  text.add({{"reason", "limited"}}, std::to_string(failures.limited));
}

Task<Reply> metrics(Call& call) {
  MetricText text;
  const Rows by_state = co_await call.query(totals_statement);
  add_totals(text, by_state);
  const Rows syncs = co_await call.query(syncs_statement, std::to_string(most_syncs));
  add_syncs(text, syncs);
  std::size_t all = 0;
  for (std::size_t r = 0; r < by_state.size(); ++r) all += std::stoul(text_at(by_state, r, 2));
  text.begin("connector_syncs_left_out", "gauge",
             "Syncs without series of their own: the newest " + std::to_string(most_syncs) + " have them");
  text.add({}, std::to_string(all - std::min(all, syncs.size())));
  const Rows imports = co_await call.query(imports_statement);
  text.begin("connector_imports_count", "gauge", "Imports that are remembered");
  for (std::size_t r = 0; r < imports.size(); ++r)
    text.add({{"state", text_at(imports, r, 0)}}, text_at(imports, r, 1));
  const Rows monitor = co_await call.query("SELECT pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE')");
  if (value_at(monitor, 0, 0) == "t") add_program(text, call.services);
  co_return Reply{.body = text.take(), .content_type = "text/plain; version=0.0.4; charset=utf-8"};
}

}  // namespace

std::vector<Route> metric_routes() {
  return {{.method = Method::get,
           .path = "/metrics",
           .operation = "metrics",
           .summary = "Numbers for Prometheus, of what the role may see; the program's own for pg_read_all_stats",
           .handler = metrics,
           .answers = {{200, "The numbers, in the text format 0.0.4", {}, "text/plain"}}}};
}

}  // namespace connector::http
