#include "store/denied_logins.hpp"

#include <vector>

#include "store/sql.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::store {

using namespace sql;

namespace {

constexpr const char* is_login =
    "mapping = $1 AND role = $2 AND provider = $3 AND server = $4 AND port = $5 AND username = $6 ";

std::vector<SqlParameter> key(const Login& login) {
  const auto any_oid = [](Oid value) -> SqlParameter { return {OIDOID, std::to_string(value)}; };  // 0 is a value here
  return {any_oid(login.mapping), any_oid(login.role), text(login.provider),
          text(login.server),     text(login.port),    text(login.username)};
}

std::vector<SqlParameter> key_and(const Login& login, std::initializer_list<SqlParameter> more) {
  std::vector<SqlParameter> parameters = key(login);
  parameters.insert(parameters.end(), more);
  return parameters;
}

std::string select_denied_login(const char* end) {
  return "SELECT denials, (extract(epoch FROM next_try) * 1000000)::bigint FROM connector.denied_login WHERE " +
         std::string(is_login) + "AND mapping_version = $7" + end;
}

}  // namespace

bool any_denied_login() {
  return *sql::query("SELECT EXISTS (SELECT FROM connector.denied_login)", {})[0][0] == "t";
}

std::optional<DeniedLogin> find_denied_login(const Login& login) {
  const SqlRows rows = sql::query(select_denied_login(""), key_and(login, {text(login.mapping_version)}));
  if (rows.empty()) return std::nullopt;
  return DeniedLogin{std::stoi(*rows[0][0]), parse_time(*rows[0][1])};
}

bool claim_login(const Login& login, schedule::Time now, std::chrono::seconds pause) {
  return sql::execute("UPDATE connector.denied_login SET next_try = " + time_sql(8) + " WHERE " + is_login +
                          "AND next_try <= " + time_sql(7),
                      key_and(login, {time(now), time(now + pause)})) == 1;
}

schedule::Time note_denied_login(const Login& login, schedule::Time now, bool alone) {
  const SqlRows rows = sql::query(select_denied_login(" FOR UPDATE"), key_and(login, {text(login.mapping_version)}));
  int denials = 1;
  if (!rows.empty()) {
    const schedule::Time next = parse_time(*rows[0][1]);
    if (!alone && next > now) return next;
    denials = std::stoi(*rows[0][0]) + 1;
  }
  const schedule::Time next = now + schedule::login_pause(denials);
  sql::execute(
      "INSERT INTO connector.denied_login (mapping, role, provider, server, port, username, mapping_version, "
      "denials, next_try) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, " +
          time_sql(9) +
          ") ON CONFLICT (mapping, role, provider, server, port, username) DO UPDATE SET "
          "mapping_version = excluded.mapping_version, denials = excluded.denials, next_try = excluded.next_try",
      key_and(login, {text(login.mapping_version), {INT4OID, std::to_string(denials)}, time(next)}));
  // Nobody has asked for these any more.
  sql::execute("DELETE FROM connector.denied_login WHERE next_try < " + time_sql(1),
               {time(now - std::chrono::hours(24 * 32))});
  return next;
}

void forget_denied_login(const Login& login) {
  sql::execute("DELETE FROM connector.denied_login WHERE " + std::string(is_login), key(login));
}

}  // namespace connector::store
