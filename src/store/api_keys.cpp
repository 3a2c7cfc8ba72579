#include "store/api_keys.hpp"

#include <algorithm>
#include <vector>

#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/subtransaction.hpp"
#include "store/sql.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "storage/lock.h"
#include "storage/proc.h"
}

namespace connector::store {

using namespace sql;

namespace {

/// No real lock on a role has a sub-id, and jobs/run_lock has none beyond 0xDFFF.
constexpr uint16 keys_of_a_role = 0xE000;

constexpr int longest_wait = 10'000;  // milliseconds

const std::string password_digest = "sha256(convert_to(a.rolpassword, 'UTF8'))";

/// Keys, each with the role that it was made for.
const std::string keys_and_roles =
    " FROM connector.api_key k JOIN pg_authid a ON a.oid = k.owner "
    "AND (a.rolname = k.role_name OR " +
    password_digest + " = k.password_digest) ";

constexpr const char* is_valid = "(k.expires_at IS NULL OR k.expires_at > clock_timestamp()) ";

/// What only makes room: nobody waits for it, and it is no reason to fail that another session was faster.
void attempt(const std::string& statement, const std::vector<SqlParameter>& parameters) {
  try {
    pg::in_subtransaction([&] { sql::execute(statement, parameters); });
  } catch (const pg::PgError& error) {
    if (error.sqlerrcode() != ERRCODE_T_R_SERIALIZATION_FAILURE) throw;
  }
}

}  // namespace

void lock_api_keys(Oid role) {
  const int wait = LockTimeout > 0 ? std::min(LockTimeout, longest_wait) : longest_wait;
  pg::with_settings({{"lock_timeout", std::to_string(wait)}}, [&] {
    pg::guard([=] {
      LOCKTAG tag;
      SET_LOCKTAG_OBJECT(tag, MyDatabaseId, AuthIdRelationId, role, keys_of_a_role);
      LockAcquire(&tag, ExclusiveLock, false, false);
    });
  });
}

void delete_expired_api_keys(Oid role) {
  attempt(
      "DELETE FROM connector.api_key WHERE id = ANY (ARRAY(SELECT k.id FROM connector.api_key k WHERE k.owner = $1 "
      "AND k.expires_at <= clock_timestamp() FOR UPDATE SKIP LOCKED))",
      {oid(role)});
}

std::int64_t count_api_keys(Oid role) {
  return std::stoll(*sql::query("SELECT count(*)" + keys_and_roles + "WHERE k.owner = $1 AND " + is_valid, {oid(role)},
                                pg::Sees::latest)[0][0]);
}

bool add_api_key(Oid role, const NewApiKey& key) {
  return sql::execute(
             "INSERT INTO connector.api_key (id, owner, label, secret_hash, sealed, expires_at, role_name, "
             "password_digest) SELECT $2, a.oid, $3, $4, $5, $6, a.rolname, " +
                 password_digest + " FROM pg_authid a WHERE a.oid = $1 ON CONFLICT (id) DO NOTHING",
             {oid(role),
              uuid(key.id),
              {TEXTOID, key.label},
              {BYTEAOID, key.secret_hash},
              {BYTEAOID, key.sealed},
              {TIMESTAMPTZOID, key.expires_at}}) == 1;
}

SqlRows sealed_api_key(const std::string& id) {
  return sql::query(
      "SELECT a.rolname, k.secret_hash, k.sealed, k.expires_at" + keys_and_roles + "WHERE k.id = $1 AND " + is_valid,
      {uuid(id)}, pg::Sees::callers_snapshot);
}

bool has_api_key(Oid role, const std::string& id) {
  return !sql::query("SELECT" + keys_and_roles + "WHERE k.id = $1 AND k.owner = $2 AND " + is_valid,
                     {uuid(id), oid(role)})
              .empty();
}

void note_use_of_api_key(const std::string& id) {
  const std::string minute = "date_trunc('minute', statement_timestamp())";
  const std::string outdated = "k.id = $1 AND (k.last_used_at IS NULL OR k.last_used_at < " + minute + ") ";
  if (sql::query("SELECT FROM connector.api_key k WHERE " + outdated, {uuid(id)}).empty()) return;
  attempt("UPDATE connector.api_key u SET last_used_at = " + minute +
              ", role_name = a.rolname, password_digest = " + password_digest +
              " FROM pg_authid a WHERE a.oid = u.owner AND u.id = (SELECT k.id FROM connector.api_key k WHERE " +
              outdated + "FOR UPDATE SKIP LOCKED)",
          {uuid(id)});
}

SqlRows api_keys(Oid role, Oid own) {
  return sql::query("SELECT k.id, a.rolname, k.label, k.created_at, k.expires_at, k.last_used_at" + keys_and_roles +
                        "WHERE k.owner = $2 OR pg_has_role($1, 'pg_read_all_stats', 'USAGE') "
                        "OR pg_has_role($1, k.owner, 'USAGE') ORDER BY k.created_at DESC, k.id DESC",
                    {oid(role), oid(own)}, pg::Sees::callers_snapshot);
}

Oid owner_of_api_key(const std::string& id) {
  const SqlRows rows = sql::query("SELECT k.owner" + keys_and_roles + "WHERE k.id = $1", {uuid(id)});
  return rows.empty() ? InvalidOid : pg::read_oid(rows[0][0]);
}

bool revoke_api_key(const std::string& id) {
  if (sql::execute("DELETE FROM connector.api_key WHERE id = $1", {uuid(id)}) == 0) return false;
  notify("api_key", id, "revoked");
  return true;
}

void delete_ownerless_api_keys() {
  attempt(
      "DELETE FROM connector.api_key WHERE id = ANY (ARRAY(SELECT n.id FROM connector.api_key n "
      "WHERE NOT EXISTS (SELECT" +
          keys_and_roles + "WHERE k.id = n.id) FOR UPDATE OF n SKIP LOCKED))",
      {});
}

}  // namespace connector::store
