#include "http/routes/own_objects.hpp"

#include "http/routes/path_id.hpp"

namespace connector::http {

namespace {

// The views show more to members of pg_read_all_stats than the role may change.
constexpr const char* own_statement =
    "SELECT EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE pg_catalog.pg_has_role(r.oid, 'USAGE') AND r.rolname "
    "OPERATOR(pg_catalog.=) CASE WHEN $2::pg_catalog.bool THEN (SELECT s.role_name FROM connector.syncs s WHERE s.id "
    "OPERATOR(pg_catalog.=) $1::pg_catalog.uuid) ELSE (SELECT i.role_name FROM connector.imports i WHERE "
    "i.item_queue_id OPERATOR(pg_catalog.=) $1::pg_catalog.uuid) END)";

enum class Kind { import, sync };

Task<> require_own(Call& call, Value id, Kind kind) {
  const Rows found = co_await call.query(own_statement, std::move(id), kind == Kind::sync ? "true" : "false");
  if (found[0][0] != "t") throw Refusal{{.status = 404}};
}

Task<Rows> query_own(Call& call, const char* sql, std::vector<Value> values, Kind kind) {
  Value id = values.at(0);
  std::optional<SqlFailure> failure;
  Rows rows;
  try {
    rows = co_await call.run(sql, std::move(values));
  } catch (const SqlFailure& caught) {
    failure = caught;
  }
  if (!failure) co_return rows;
  if (is_invalid_request(*failure)) co_await require_own(call, std::move(id), kind);
  throw SqlFailure(*failure);
}

}  // namespace

Task<Rows> query_import(Call& call, const char* sql, std::vector<Value> values) {
  return query_own(call, sql, std::move(values), Kind::import);
}

Task<Rows> query_sync(Call& call, const char* sql, std::vector<Value> values) {
  return query_own(call, sql, std::move(values), Kind::sync);
}

Task<> require_own_sync(Call& call) {
  return require_own(call, uuid_of_path(call), Kind::sync);
}

std::vector<Value> id_of_path(const Call& call) {
  return {uuid_of_path(call)};
}

bool is_invalid_request(const SqlFailure& failure) noexcept {
  return failure.number == 1502;
}

}  // namespace connector::http
