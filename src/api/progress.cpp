// The rows behind the view connector.progress.
#include "jobs/progress.hpp"

#include "api/json.hpp"
#include "pg/entry.hpp"
#include "pg/identity.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "utils/timestamp.h"
}

using connector::api::Json;

namespace {

/// As in pg_stat_activity: one's own, and all for pg_read_all_stats.
bool may_see(Oid owner) {
  return connector::pg::has_privileges_of(owner) || connector::pg::has_privileges_of(ROLE_PG_READ_ALL_STATS);
}

/// ISO 8601, in UTC.
std::string time_text(connector::schedule::Time time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts;
  gmtime_r(&seconds, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  const auto fraction = static_cast<int>((time.time_since_epoch() % std::chrono::seconds(1)).count());
  char result[48];
  std::snprintf(result, sizeof result, "%s.%06d+00", text, fraction);
  return result;
}

}  // namespace

CONNECTOR_FUNCTION(connector_progress) {
  Json rows = Json::array();
  for (const connector::jobs::LiveRun& run : connector::jobs::live_runs()) {
    if (!may_see(run.owner)) continue;
    Json row;
    row["pid"] = run.pid;
    row["kind"] = connector::shmem::job_kind_words.of(run.kind);
    row["id"] = run.id;
    row["owner"] = run.owner;
    row["relation"] = run.relation;
    if (run.texts) {
      row["server"] = run.texts->server;
      row["source"] = run.texts->source;
      row["schema"] = run.texts->schema;
      row["table_name"] = run.texts->table;
    }
    row["phase"] = connector::load::run_phase_name(run.phase);
    row["rows"] = run.rows;
    row["bytes"] = run.bytes;
    row["expected_rows"] = run.expected < 0 ? Json(nullptr) : Json(run.expected);
    row["rows_per_second"] = run.rows_per_second ? Json(*run.rows_per_second) : Json(nullptr);
    row["started_at"] = time_text(run.started);
    row["last_row_at"] = run.last_row ? Json(time_text(*run.last_row)) : Json(nullptr);
    rows.push_back(std::move(row));
  }
  return connector::api::json_datum(rows);
}
