#include "store/runs.hpp"

#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "store/sql.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::store {

using namespace sql;

using schedule::State;

std::string begin_run(const Sync& sync, schedule::Time now) {
  std::string run = pg::new_uuid();
  execute("INSERT INTO connector.run (id, sync_id, state, started_at, request_number) SELECT $1, s.id, 'syncing', " +
              time_sql(3) + ", s.request_number FROM connector.sync s WHERE s.id = $2",
          {uuid(run), uuid(sync.id), time(now)});
  execute(
      "UPDATE connector.sync SET state = 'syncing', log_id = $2, error_code = NULL, error_message = NULL "
      "WHERE id = $1",
      {uuid(sync.id), uuid(run)});
  return run;
}

bool end_run(const std::string& run, const RunResult& result, schedule::Time now) {
  const std::optional<Failure>& failure = result.failure;
  const auto optional_text = [](const std::string& utf8) -> SqlParameter {
    return {TEXTOID, utf8.empty() ? std::nullopt : std::optional(pg::server_text(utf8))};
  };
  const Failure& told = failure ? *failure : Failure{};
  return execute(
             "UPDATE connector.run SET state = $2, ended_at = " + time_sql(3) +
                 ", mode = $4, reason = $5, rows = $6, bytes = $7, inserted = $8, updated = $9, deleted = $10, "
                 "lock_ms = $11, warnings = $12, error_code = $13, sqlstate = $14, error_message = $15, "
                 "error_detail = $16, error_hint = $17, permanent = $18, relation = $19, checksum = $20, layout = $21, "
                 "phase_ms = $22, position = $23, schema_changes = $24, next_login = " +
                 time_sql(25) +
                 ", ranges = $26, ranges_compared = $27, ranges_read = $28 WHERE id = (SELECT r.id FROM connector.run "
                 "r WHERE r.id = $1 AND "
                 "r.state = 'syncing' "
                 "FOR UPDATE SKIP LOCKED)",
             {uuid(run),
              {TEXTOID, std::string(state_name(failure ? State::failure : State::success))},
              time(now),
              optional_text(result.mode),
              optional_text(result.reason),
              number(result.rows),
              number(result.bytes),
              number(result.inserted),
              number(result.updated),
              number(result.deleted),
              {FLOAT8OID, std::to_string(result.lock_ms)},
              json(result.warnings),
              {INT4OID, failure ? std::optional(std::to_string(failure->number)) : std::nullopt},
              optional_text(told.sqlstate),
              optional_text(told.message),
              optional_text(told.detail),
              optional_text(told.hint),
              {BOOLOID, failure ? std::optional(failure->permanent ? "t" : "f") : std::nullopt},
              oid(result.relation),
              {TEXTOID, result.checksum ? std::optional(pg::exact_server_text(*result.checksum)) : std::nullopt},
              {TEXTOID, result.layout ? std::optional(pg::exact_server_text(*result.layout)) : std::nullopt},
              json(result.phase_ms),
              json(result.position),
              json(result.schema_changes),
              time(told.next_login),
              json(result.ranges),
              {INT8OID, result.ranges_compared ? std::optional(std::to_string(*result.ranges_compared)) : std::nullopt},
              {INT8OID, result.ranges_compared ? std::optional(std::to_string(result.ranges_read)) : std::nullopt}}) ==
         1;
}

std::optional<std::string> kept_ranges(const std::string& sync) {
  const SqlRows rows = query(
      "SELECT json_build_object('mark', c.mark, 'figures', c.figures, 'ranges', coalesce((SELECT json_agg(r ORDER BY "
      "r.number) FROM (SELECT g.number, g.lower_bound, g.remote_rows, g.remote_sums, g.local_rows, g.local_sums "
      "FROM connector.sync_range g WHERE g.sync_id = c.sync_id) AS r), '[]')) FROM connector.sync_comparison c "
      "WHERE c.sync_id = $1",
      {uuid(sync)});
  if (rows.empty()) return std::nullopt;
  return utf8(*rows[0][0]);
}

namespace {

/// Only what a run that ended well by today's request has told counts; a run that failed leaves nothing.
void keep_ranges(const std::string& sync, const std::string& run) {
  const SqlRows rows = query(
      "SELECT r.ranges, r.state = 'failure' OR r.request_number <> s.request_number FROM connector.run r "
      "JOIN connector.sync s ON s.id = r.sync_id WHERE r.id = $1",
      {uuid(run)});
  if (rows.empty()) return;
  const bool is_void = rows[0][1] == "t";
  if (!rows[0][0] && !is_void) return;
  execute("DELETE FROM connector.sync_comparison WHERE sync_id = $1", {uuid(sync)});
  execute("UPDATE connector.run SET ranges = NULL WHERE id = $1", {uuid(run)});
  if (is_void) return;
  const std::vector<SqlParameter> parameters{uuid(sync), {JSONOID, rows[0][0]}};
  sql::execute(
      "INSERT INTO connector.sync_comparison (sync_id, mark, figures) SELECT $1, $2 ->> 'mark', $2 -> 'figures'",
      parameters);
  sql::execute(
      "INSERT INTO connector.sync_range SELECT $1, r.* FROM json_to_recordset($2 -> 'ranges') AS r (number integer, "
      "lower_bound text, remote_rows bigint, remote_sums text, local_rows bigint, local_sums text)",
      parameters);
}

}  // namespace

std::optional<RunRecord> find_run(const std::string& run) {
  const SqlRows rows = query(
      "SELECT state, coalesce(permanent, false), coalesce(error_code, 0), coalesce(sqlstate, ''), "
      "coalesce(error_message, ''), coalesce(error_detail, ''), coalesce(error_hint, ''), coalesce(rows, 0), warnings, "
      "schema_changes, (extract(epoch FROM next_login) * 1000000)::bigint FROM connector.run WHERE id = $1",
      {uuid(run)});
  if (rows.empty()) return std::nullopt;
  const auto& row = rows[0];
  RunRecord found;
  found.ended = *row[0] != state_name(State::syncing);
  if (*row[0] == state_name(State::failure)) {
    found.failure = {std::stoi(*row[2]), *row[3],        utf8(*row[4]), utf8(*row[5]),
                     utf8(*row[6]),      *row[1] == "t", false,         {}};
    if (row[10]) found.failure->next_login = parse_time(*row[10]);
  }
  found.rows = std::stoull(*row[7]);
  if (row[8]) found.warnings = utf8(*row[8]);
  if (row[9]) found.schema_changes = utf8(*row[9]);
  return found;
}

bool succeeded_since(const std::string& sync, schedule::Time time) {
  return *query("SELECT EXISTS (SELECT FROM connector.run WHERE sync_id = $1 AND state = 'success' AND ended_at >= " +
                    time_sql(2) + ")",
                {uuid(sync), sql::time(time)})[0][0] == "t";
}

void record_outcome(const Sync& sync, const std::string& run, const schedule::Schedule& next, int keep) {
  save_schedule(sync.id, next);
  const SqlRows concluded = query(
      "UPDATE connector.sync s SET error_code = r.error_code, error_message = r.error_message, last_ended = r.id, "
      "success_count = s.success_count + (r.state = 'success')::int, "
      "failure_count = s.failure_count + (r.state = 'failure')::int, row_count = s.row_count + coalesce(r.rows, 0), "
      "failing_since = CASE WHEN r.state = 'failure' THEN coalesce(s.failing_since, r.ended_at) END, "
      "relation = coalesce(r.relation, s.relation::oid), layout = coalesce(r.layout, s.layout), "
      "checksum = CASE WHEN r.request_number = s.request_number THEN coalesce(r.checksum, s.checksum) "
      "ELSE s.checksum END, "
      "position = CASE WHEN r.request_number = s.request_number THEN coalesce(r.position, s.position) "
      "ELSE s.position END, "
      // A first run may have been asked to overwrite a table of a role that the asking one is a member of.
      "owner = coalesce((SELECT c.relowner FROM pg_class c WHERE c.oid = r.relation AND r.mode = 'import' "
      "AND pg_has_role(s.owner::oid, c.relowner, 'USAGE')), s.owner::oid)::regrole, "
      "ran_at = CASE WHEN r.state = 'success' THEN r.ended_at ELSE s.ran_at END, "
      "updated_at = CASE WHEN r.state = 'success' AND r.mode <> 'unchanged' THEN r.ended_at ELSE s.updated_at END "
      "FROM connector.run r WHERE s.id = $1 AND r.id = $2 RETURNING r.state",
      {uuid(sync.id), uuid(run)});
  if (concluded.empty()) return;
  keep_ranges(sync.id, run);
  execute(
      "DELETE FROM connector.run WHERE id IN (SELECT r.id FROM connector.run r "
      "WHERE r.sync_id = $1 ORDER BY r.started_at DESC, r.id OFFSET $2)",
      {uuid(sync.id), number(static_cast<std::uint64_t>(keep))});
  notify("sync", sync.id, *concluded[0][0]);
}

}  // namespace connector::store
