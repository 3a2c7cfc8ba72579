#include "http/routes/visualizations.hpp"

#include "http/routes/path_id.hpp"

namespace connector::http {

namespace {

constexpr const char* table_statement =
    "SELECT pg_catalog.json_build_object('id', i.item_queue_id, 'name', i.table_name, 'type', 'table', 'table', "
    "pg_catalog.json_build_object('name', i.table_name)) FROM connector.imports i WHERE i.item_queue_id "
    "OPERATOR(pg_catalog.=) $1::pg_catalog.uuid AND i.state OPERATOR(pg_catalog.=) 'complete' AND i.table_name IS NOT "
    "NULL";

Task<Reply> show(Call& call) {
  const Rows rows = co_await call.query(table_statement, uuid_of_path(call));
  if (rows.empty()) co_return Reply{.status = 404};
  co_return Reply{.body = text_at(rows, 0, 0)};
}

}  // namespace

std::vector<Route> visualization_routes() {
  return {{.method = Method::get,
           .path = "/api/v1/viz/{id}",
           .operation = "get_visualization",
           .summary = "The table of an import, by the import's visualization_id",
           .handler = show,
           .answers = {{200, "The table", "Visualization"}, {404, "There is no such import with a table"}}}};
}

}  // namespace connector::http
