#include "http/routes/own_objects.hpp"

#include "http/routes/path_id.hpp"

namespace connector::http {

namespace {

// The views show more to members of pg_read_all_stats than the role may change.
constexpr const char* own_import =
    "SELECT EXISTS (SELECT FROM connector.imports i JOIN pg_catalog.pg_roles r ON r.rolname OPERATOR(pg_catalog.=) "
    "i.role_name WHERE i.item_queue_id OPERATOR(pg_catalog.=) $1::pg_catalog.uuid AND pg_catalog.pg_has_role(r.oid, "
    "'USAGE'))";
constexpr const char* own_sync =
    "SELECT EXISTS (SELECT FROM connector.syncs s JOIN pg_catalog.pg_roles r ON r.rolname OPERATOR(pg_catalog.=) "
    "s.role_name WHERE s.id OPERATOR(pg_catalog.=) $1::pg_catalog.uuid AND pg_catalog.pg_has_role(r.oid, 'USAGE'))";

Task<Rows> query_own(Call& call, const char* sql, std::vector<Value> values, const char* own) {
  Value id = values.at(0);
  std::optional<SqlFailure> failure;
  Rows rows;
  try {
    rows = co_await call.run(sql, std::move(values));
  } catch (const SqlFailure& caught) {
    failure = caught;
  }
  if (!failure) co_return rows;
  if (is_invalid_request(*failure)) {
    const Rows found = co_await call.query(own, std::move(id));
    if (found[0][0] != "t") throw Refusal{{.status = 404}};
  }
  throw SqlFailure(*failure);
}

}  // namespace

Task<Rows> query_import(Call& call, const char* sql, std::vector<Value> values) {
  return query_own(call, sql, std::move(values), own_import);
}

Task<Rows> query_sync(Call& call, const char* sql, std::vector<Value> values) {
  return query_own(call, sql, std::move(values), own_sync);
}

std::vector<Value> id_of_path(const Call& call) {
  return {uuid_of_path(call)};
}

bool is_invalid_request(const SqlFailure& failure) noexcept {
  return failure.number == 1502;
}

}  // namespace connector::http
