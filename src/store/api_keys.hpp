// The table connector.api_key: keys that stand for the password of a role, which each has sealed. Access as in
// syncs.hpp.
//
// A key is its role's as long as the role is there: dropping it leaves the key behind, and another role may get its
// number one day. So a key remembers the role's name and a digest of what PostgreSQL checks the password by, of which a
// role that was renamed keeps the latter. Where neither is the same, it is another role, and the key is as good as
// gone.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include "pg/spi.hpp"

namespace connector::store {

/// A key to be added. Values are in the text form that PostgreSQL reads.
struct NewApiKey {
  std::string id;                         ///< uuid
  std::string label;                      ///< in the database's encoding
  std::string secret_hash;                ///< bytea
  std::string sealed;                     ///< bytea
  std::optional<std::string> expires_at;  ///< timestamptz
};

/// Has the keys of the role for this transaction: no other one adds any. Waits for the role's own transactions only,
/// and for no longer than 10 seconds.
void lock_api_keys(Oid role);

/// Forgets those that have expired, but for one that another session has in hand.
void delete_expired_api_keys(Oid role);

/// Those that have not expired, whoever has committed them until now.
std::int64_t count_api_keys(Oid role);

/// False if there is a key with this id.
bool add_api_key(Oid role, const NewApiKey& key);

/// The name of the role, secret_hash, sealed, expires_at; no row if there is no such key or it has expired.
pg::SqlRows sealed_api_key(const std::string& id);

/// Whether `role` has this key and it has not expired.
bool has_api_key(Oid role, const std::string& id);

/// Keeps the minute of now as that of the last use, and what the role is known by. Writes nothing if that is on record,
/// or another session has the key in hand.
void note_use_of_api_key(const std::string& id);

/// Id, name of the role, label, created_at, expires_at, last_used_at of the keys of `own` and of those that `role` may
/// see: of roles that it has the privileges of, all if it reads all statistics. Newest first.
pg::SqlRows api_keys(Oid role, Oid own);

/// Whose it is; InvalidOid if there is no such key.
Oid owner_of_api_key(const std::string& id);

/// Deletes the key, and tells so on the channel `connector` when the transaction commits. False if there is none.
bool revoke_api_key(const std::string& id);

/// Deletes the keys whose role is gone, but for those that another session has in hand.
void delete_ownerless_api_keys();

}  // namespace connector::store
