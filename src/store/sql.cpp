#include "store/sql.hpp"

#include <algorithm>

#include "store/extension.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/setting.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "commands/async.h"
#include "storage/proc.h"
}

namespace connector::store::sql {

namespace {

constexpr int longest_lock_wait = 10'000;  // milliseconds

template <typename Function>
auto as_extension_owner(Function&& function) -> std::invoke_result_t<Function> {
  const pg::ActAs owner(store::extension_owner(), SECURITY_LOCAL_USERID_CHANGE);
  const int wait = LockTimeout > 0 ? std::min(LockTimeout, longest_lock_wait) : longest_lock_wait;
  return pg::with_settings({{"search_path", "pg_catalog, pg_temp"}, {"lock_timeout", std::to_string(wait)}},
                           std::forward<Function>(function));
}

}  // namespace

std::uint64_t execute(std::string_view sql, const std::vector<SqlParameter>& parameters) {
  return as_extension_owner([&] { return pg::execute(sql, parameters); });
}

SqlRows query(std::string_view sql, const std::vector<SqlParameter>& parameters, pg::Sees sees) {
  return as_extension_owner([&] { return pg::query(sql, parameters, sees); });
}

std::string utf8(const std::string& server) {
  return pg::utf8_text(server);
}

SqlParameter uuid(const std::string& value) {
  return {UUIDOID, value};
}

SqlParameter text(const std::string& utf8) {
  return {TEXTOID, pg::exact_server_text(utf8)};
}

SqlParameter shown(const std::string& utf8) {
  return {TEXTOID, pg::server_text(utf8)};
}

SqlParameter json(const std::optional<std::string>& utf8) {
  return {JSONOID, utf8 ? std::optional(pg::exact_server_text(*utf8)) : std::nullopt};
}

SqlParameter number(std::uint64_t value) {
  return {INT8OID, std::to_string(value)};
}

SqlParameter oid(Oid value) {
  return {OIDOID, value == InvalidOid ? std::nullopt : std::optional(std::to_string(value))};
}

std::string time_sql(int n) {
  return "(timestamptz 'epoch' + $" + std::to_string(n) + " * interval '1 microsecond')";
}

SqlParameter time(const std::optional<schedule::Time>& value) {
  return {INT8OID, value ? std::optional(std::to_string(value->time_since_epoch().count())) : std::nullopt};
}

schedule::Time parse_time(const std::string& microseconds) {
  return schedule::Time(std::chrono::microseconds(std::stoll(microseconds)));
}

void notify(const std::string& kind, const std::string& id, const std::string& state) {
  const std::string payload = R"({"kind": ")" + kind + R"(", "id": ")" + id + R"(", "state": ")" + state + R"("})";
  pg::guard([&] { Async_Notify("connector", payload.c_str()); });
}

}  // namespace connector::store::sql
