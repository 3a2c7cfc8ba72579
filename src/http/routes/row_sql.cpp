#include "http/routes/row_sql.hpp"

namespace connector::http {

namespace {

/// A column of the view as a time, or as seconds, under its own name.
std::string time_column(const std::string& column, const std::string& name) {
  return time_sql(column + '.' + name) + " AS " + name;
}

std::string seconds_sql(const std::string& expression) {
  return "EXTRACT(epoch FROM " + expression + ")";
}

/// Texts of a failure that may be long, and what was asked for, of the view that is called so.
std::string long_columns(const std::string& view, std::initializer_list<std::string> texts, Detail detail) {
  std::string columns;
  for (const std::string& text : texts) {
    const std::string column = view + '.' + text;
    columns += detail == Detail::whole ? column : "pg_catalog.left(" + column + ", 1000) AS " + text;
    columns += ", ";
  }
  if (detail == Detail::whole) columns += view + ".request, ";
  return columns;
}

/// Whether the role that asks may change what belongs to this one, as the functions of SQL decide.
std::string may_change_column(const std::string& role_name) {
  return "EXISTS (SELECT FROM pg_catalog.pg_roles o WHERE o.rolname OPERATOR(pg_catalog.=) " + role_name +
         " AND pg_catalog.pg_has_role(o.oid, 'USAGE')) AS may_change";
}

}  // namespace

std::string time_sql(const std::string& expression) {
  return "pg_catalog.to_char(pg_catalog.timezone('UTC', " + expression + "), 'YYYY-MM-DD\"T\"HH24:MI:SS.MS\"+00:00\"')";
}

std::string objects_sql(const std::string& query) {
  return "(SELECT COALESCE(pg_catalog.json_agg(pg_catalog.row_to_json(object)), '[]') FROM (" + query + ") AS object)";
}

std::string sync_columns(Detail detail) {
  return "s.id, s.name, s.role_name, s.provider, s.server, s.source, s.schema, s.table_name, s.state, s.paused, " +
         seconds_sql("s.\"interval\"") + "::pg_catalog.int8 AS \"interval\", s.at, " + time_column("s", "run_at") +
         ", " + time_column("s", "ran_at") + ", " + time_column("s", "failing_since") +
         ", s.retried_times, s.gave_up, s.statements_role, s.error_code, s.sqlstate, s.warnings, s.schema_changes, "
         "s.last_state, " +
         time_column("s", "last_ended_at") + ", " + seconds_sql("s.last_duration") +
         " AS last_duration, s.last_mode, s.last_rows, s.last_error_code, s.last_sqlstate, s.successes, s.failures, "
         "s.rows_read, " +
         time_column("s", "created_at") + ", " + time_column("s", "updated_at") +
         ", s.checksum, s.log_id, s.item_queue_id, " +
         long_columns("s",
                      {"error_message", "error_detail", "error_hint", "statement_error", "last_error_message",
                       "last_error_detail", "last_error_hint"},
                      detail) +
         may_change_column("s.role_name");
}

std::string import_columns(Detail detail) {
  return "i.item_queue_id, i.role_name, i.provider, i.server, i.source, i.state, i.schema, i.table_name, i.rows, "
         "i.bytes, "
         "i.error_code, i.sqlstate, i.warnings, i.skipped_columns, i.synchronization_id, i.batch_id, " +
         time_column("i", "created_at") + ", " + time_column("i", "started_at") + ", " + time_column("i", "ended_at") +
         ", " + long_columns("i", {"error_message", "error_detail", "error_hint", "problem"}, detail) +
         may_change_column("i.role_name");
}

std::string run_columns() {
  return "r.id, r.sync_id, r.sync_name, r.role_name, r.schema, r.table_name, r.state, " +
         time_column("r", "started_at") + ", " + time_column("r", "ended_at") + ", " + seconds_sql("r.duration") +
         " AS duration, r.mode, r.rows, r.bytes, r.inserted, r.updated, r.deleted, r.reason, r.ranges_compared, "
         "r.ranges_read, r.lock_ms::pg_catalog.numeric AS lock_ms, r.phase_ms, r.warnings, r.schema_changes, "
         "r.error_code, r.sqlstate, r.error_message, r.error_detail, r.error_hint, r.permanent, r.statement_error";
}

std::string progress_columns() {
  // Rows may have come since the statement began.
  return "p.pid, p.kind, p.id, p.role_name, p.server, p.source, p.schema, p.table_name, p.phase, p.rows, p.bytes, "
         "p.expected_rows, p.rows_per_second::pg_catalog.numeric AS rows_per_second, " +
         time_column("p", "started_at") + ", " + time_column("p", "last_row_at") + ", " +
         seconds_sql("p.estimated_time_left") + " AS estimated_time_left, p.blocked_by, " +
         seconds_sql("pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) COALESCE(p.last_row_at, p.started_at)") +
         " AS seconds_since_last_row";
}

}  // namespace connector::http
