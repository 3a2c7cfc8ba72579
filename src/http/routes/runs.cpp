#include "http/routes/runs.hpp"

#include "http/routes/list_query.hpp"
#include "http/routes/own_objects.hpp"
#include "http/routes/path_id.hpp"
#include "http/routes/row_sql.hpp"

namespace connector::http {

namespace {

constexpr std::int64_t usual_limit = 50;
constexpr std::int64_t most_rows = 1000;

/// The runs of the sync $1, newest first, $2 of them, those older than the run $3 if there is one; and whether there is
/// such a sync. Runs are forgotten from the oldest on: none are older than one that is not there. No two runs of a sync
/// begin at the same time.
const std::string& list_statement() {
  static const std::string statement =
      "WITH found AS MATERIALIZED (SELECT r.id, r.started_at FROM connector.runs r WHERE r.sync_id "
      "OPERATOR(pg_catalog.=) $1::pg_catalog.uuid AND ($3::pg_catalog.uuid IS NULL OR r.started_at "
      "OPERATOR(pg_catalog.<) (SELECT b.started_at FROM connector.runs b WHERE b.id OPERATOR(pg_catalog.=) "
      "$3::pg_catalog.uuid AND b.sync_id OPERATOR(pg_catalog.=) $1::pg_catalog.uuid)) ORDER BY r.started_at DESC, r.id "
      "LIMIT $2::pg_catalog.int8 OPERATOR(pg_catalog.+) 1) "
      "SELECT pg_catalog.json_build_object('runs', " +
      objects_sql("SELECT " + run_columns() +
                  " FROM connector.runs r WHERE r.sync_id OPERATOR(pg_catalog.=) $1::pg_catalog.uuid AND r.id "
                  "OPERATOR(pg_catalog.=) ANY (ARRAY(SELECT f.id FROM found f ORDER BY f.started_at DESC, f.id LIMIT "
                  "$2::pg_catalog.int8)) ORDER BY r.started_at DESC, r.id") +
      ", 'more', (SELECT pg_catalog.count(*) OPERATOR(pg_catalog.>) $2::pg_catalog.int8 FROM found)), "
      "EXISTS (SELECT FROM connector.syncs s WHERE s.id OPERATOR(pg_catalog.=) $1::pg_catalog.uuid)";
  return statement;
}

Task<Reply> list(Call& call) {
  const std::string id = uuid_of_path(call);
  const std::int64_t limit = limit_of(call.request.query, usual_limit, most_rows);
  const Rows rows =
      co_await call.query(list_statement().c_str(), id, std::to_string(limit), id_of(call.request.query, "before"));
  if (value_at(rows, 0, 1) != "t") throw Refusal{{.status = 404}};
  co_return Reply{.body = text_at(rows, 0, 0)};
}

}  // namespace

std::vector<Route> run_routes() {
  return {{.method = Method::get,
           .path = "/api/v1/synchronizations/{id}/runs",
           .operation = "list_runs",
           .summary = "The runs of a sync that are remembered, newest first",
           .handler = list,
           .query = {{"limit", "integer", "How many at most: 50 by default, 1 to 1000"},
                     {"before", "string", "The id of a run: only older ones"}},
           .answers = {{200, "The runs", "RunList"}, not_found_text}}};
}

}  // namespace connector::http
