#include "http/routes/activity.hpp"

#include "http/routes/list_query.hpp"
#include "http/routes/own_objects.hpp"
#include "http/routes/row_sql.hpp"

namespace connector::http {

namespace {

constexpr std::int64_t usual_limit = 200;
constexpr std::int64_t most_rows = 1000;

// Those that are found are chosen by their ids, and the views are asked for these only: nothing else of the others is
// put together, and the indexes of the tables are used.

std::string syncs_sql(Detail detail, const std::string& condition) {
  return objects_sql("SELECT " + sync_columns(detail) + " FROM connector.syncs s WHERE " + condition +
                     " ORDER BY s.created_at DESC, s.id DESC");
}

std::string imports_sql(Detail detail, const std::string& condition) {
  return objects_sql("SELECT " + import_columns(detail) + " FROM connector.imports i WHERE " + condition +
                     " ORDER BY i.created_at DESC, i.item_queue_id DESC");
}

std::string running_sql(const std::string& condition) {
  return objects_sql("SELECT " + progress_columns() + " FROM connector.progress p WHERE " + condition +
                     " ORDER BY p.started_at, p.id");
}

std::string first_members() {
  return "'now', " + time_sql("pg_catalog.now()") +
         ", 'scheduler', connector.has_scheduler(), "
         "'max_retries', pg_catalog.current_setting('connector.max_retries', true)::pg_catalog.int4, ";
}

/// Syncs that fail come before others, so that none of them is cut off.
/// $1 is how many at most of each kind, $2 the text that is looked for. Imports are counted up to 10001.
const std::string& list_statement() {
  static const std::string statement =
      "WITH found_sync AS MATERIALIZED (SELECT s.id, s.created_at, s.failing_since IS NOT NULL AS is_failing FROM "
      "connector.syncs s "
      "WHERE $2::pg_catalog.text IS NULL OR pg_catalog.strpos(pg_catalog.lower(pg_catalog.concat_ws(E'\\n', s.name, "
      "s.table_name, s.schema, s.server, s.source, s.id) COLLATE pg_catalog.\"default\"), pg_catalog.lower("
      "$2::pg_catalog.text)) OPERATOR(pg_catalog.>) 0), "
      "found_import AS MATERIALIZED (SELECT n.item_queue_id, n.found FROM connector.newest_imports("
      "$2::pg_catalog.text, $1::pg_catalog.int4, 10001) n) "
      "SELECT pg_catalog.json_build_object(" +
      first_members() + "'syncs', " +
      syncs_sql(Detail::listed,
                "s.id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT f.id FROM found_sync f "
                "ORDER BY f.is_failing DESC, f.created_at DESC, f.id DESC LIMIT $1::pg_catalog.int4))") +
      ", 'syncs_total', (SELECT pg_catalog.count(*) FROM found_sync), 'imports', " +
      imports_sql(Detail::listed,
                  "i.item_queue_id OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT f.item_queue_id FROM found_import f))") +
      ", 'imports_total', COALESCE((SELECT pg_catalog.max(f.found) FROM found_import f), 0), 'running', " +
      running_sql("true") + ")";
  return statement;
}

/// What is known of the sync or import whose id is $1, and whether that is anything.
const std::string& one_statement() {
  static const std::string statement =
      "WITH found_sync AS MATERIALIZED (SELECT s.item_queue_id FROM connector.syncs s WHERE s.id "
      "OPERATOR(pg_catalog.=) $1::pg_catalog.uuid), "
      "found_import AS MATERIALIZED (SELECT FROM connector.imports i WHERE i.item_queue_id OPERATOR(pg_catalog.=) "
      "$1::pg_catalog.uuid) "
      "SELECT pg_catalog.json_build_object(" +
      first_members() + "'syncs', " + syncs_sql(Detail::whole, "s.id OPERATOR(pg_catalog.=) $1::pg_catalog.uuid") +
      ", 'syncs_total', (SELECT pg_catalog.count(*) FROM found_sync), 'imports', " +
      imports_sql(Detail::whole, "i.item_queue_id OPERATOR(pg_catalog.=) $1::pg_catalog.uuid") +
      ", 'imports_total', (SELECT pg_catalog.count(*) FROM found_import), 'running', " +
      running_sql("p.id OPERATOR(pg_catalog.=) $1::pg_catalog.uuid") + ", 'first_import', " +
      imports_sql(Detail::whole, "i.item_queue_id OPERATOR(pg_catalog.=) (SELECT f.item_queue_id FROM found_sync f)") +
      " OPERATOR(pg_catalog.->) 0), "
      "EXISTS (SELECT FROM found_sync) OR EXISTS (SELECT FROM found_import)";
  return statement;
}

const std::string& progress_statement() {
  static const std::string statement = "SELECT pg_catalog.json_build_object('now', " + time_sql("pg_catalog.now()") +
                                       ", 'running', " + running_sql("true") + ")";
  return statement;
}

Task<Reply> show_activity(Call& call) {
  const Parameters& query = call.request.query;
  if (const std::optional<std::string> id = id_of(query, "id")) {
    const Rows rows = co_await call.query(one_statement().c_str(), id);
    if (value_at(rows, 0, 1) != "t") throw Refusal{{.status = 404}};
    co_return Reply{.body = text_at(rows, 0, 0)};
  }
  const std::int64_t limit = limit_of(query, usual_limit, most_rows);
  const Rows rows = co_await call.query(list_statement().c_str(), std::to_string(limit), search_of(query));
  co_return Reply{.body = text_at(rows, 0, 0)};
}

Task<Reply> show_progress(Call& call) {
  const Rows rows = co_await call.query(progress_statement().c_str());
  co_return Reply{.body = text_at(rows, 0, 0)};
}

}  // namespace

std::vector<Route> activity_routes() {
  return {
      {.method = Method::get,
       .path = "/api/v1/activity",
       .operation = "get_activity",
       .summary = "The newest syncs and imports with how they are, and what runs: all at one moment",
       .handler = show_activity,
       .query = {{"limit", "integer", "How many syncs, and how many imports, at most: 200 by default, 1 to 1000"},
                 {"search", "string",
                  "Only those that have this text, at most 200 characters, in name, table, schema, server, source or "
                  "id, whatever the case of its letters"},
                 {"id", "string", "Only the sync or the import that has this id, and the first import of the sync"}},
       .answers = {{200, "What there is", "Activity"}, not_found_text}},
      {.method = Method::get,
       .path = "/api/v1/progress",
       .operation = "get_progress",
       .summary = "What runs, and how far it is",
       .handler = show_progress,
       .answers = {{200, "Runs that go on", "Progress"}}}};
}

}  // namespace connector::http
