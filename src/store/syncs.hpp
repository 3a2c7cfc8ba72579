// The tables connector.sync and connector.sync_secret. All access is as the extension's owner, whatever role asks: who
// may ask is the callers' business.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/request/connector_spec.hpp"
#include "core/schedule/clock_time.hpp"
#include "core/schedule/schedule.hpp"
#include "core/request/masked_connector.hpp"
#include "store/due_row.hpp"
#include "store/statements.hpp"

namespace connector::store {

/// The words of connector.sync.state.
std::string_view state_name(schedule::State state) noexcept;

/// The present time, as stored.
schedule::Time now();

/// What a request reads and fills, in words for people. UTF-8.
struct RequestTexts {
  std::string server;        ///< core::server_text()
  std::string source;        ///< core::source_text()
  std::string target_table;  ///< the name that is wanted for the table, before any _1
};

struct NewSync {
  std::string id;             ///< uuid
  std::string name;           ///< UTF-8
  std::string item_queue_id;  ///< uuid: the first run as an import
  Oid owner;
  std::string provider;
  core::StoredRequest request;  ///< UTF-8
  RequestTexts texts;
  std::string target_schema;  ///< in the database's encoding
  std::chrono::seconds interval;
  std::optional<schedule::ClockTime> at;
  Statements statements;
};

/// A sync as it is run. Texts are in the database's encoding unless said otherwise.
struct Sync {
  std::string id;
  std::string name;  ///< UTF-8
  std::string item_queue_id;
  Oid owner = InvalidOid;      ///< the table's owner once there is one, so that ALTER TABLE and REASSIGN OWNED count
  Oid requester = InvalidOid;  ///< whose request it is: another than the owner until the owner takes it over
  std::string provider;
  core::StoredRequest request;  ///< UTF-8
  RequestTexts texts;
  bool secret_missing = false;      ///< the request had secrets, but a restore did not bring them
  bool secrets_are_owners = false;  ///< the secrets were given for a sync of `requester`, not of a former owner
  std::string target_schema;
  Oid relation = InvalidOid;     ///< of the last run; invalid before the first
  bool relation_exists = false;  ///< it was not dropped meanwhile
  bool paused = false;
  schedule::Schedule schedule;
  std::string checksum;                 ///< UTF-8; empty = none
  std::optional<std::string> layout;    ///< UTF-8, load::layout_text() of the last run
  std::optional<std::string> position;  ///< UTF-8, load::position_mark() of the last run that has one
  std::optional<std::string> log_id;    ///< the last run
};

void create_sync(const NewSync& sync, schedule::Time now);

/// True while create_sync() inserts its row; other inserts come from a restore.
bool is_creating() noexcept;

/// What to do if another session has the row locked.
enum class RowLock { wait, skip };

/// The sync, its row locked until the transaction's end. Empty if there is none, or it is skipped.
std::optional<Sync> lock_sync(const std::string& id, RowLock lock = RowLock::wait);

/// Whether the sync is to run: paused ones only if somebody asked.
bool is_due(const Sync& sync, schedule::Time now) noexcept;

/// The owner's OID, without a lock; empty if there is no such sync.
std::optional<Oid> sync_owner(const std::string& id);

/// Whether this session holds a lock that code of a run could wait for: of a relation that is neither PostgreSQL's nor
/// the extension's, or an advisory one.
bool holds_locks();

/// True if the role has `limit` syncs or more, counting those whose request is its own.
bool has_syncs(Oid role, int limit);

void save_schedule(const std::string& id, const schedule::Schedule& schedule);
/// After a request for a run: the last error is forgotten.
void save_request(const std::string& id, const schedule::Schedule& schedule);
void save_paused(const std::string& id, bool paused);
/// Replaces the request. A forgotten table is imported anew by the next run.
void save_connector(const std::string& id, const std::string& provider, const core::StoredRequest& request,
                    const RequestTexts& texts, const std::optional<schedule::ClockTime>& at,
                    const Statements& statements);
void save_name(const std::string& id, const std::string& name);
/// Makes the request the present owner's, who asked for it; the former one's password is forgotten, and his statements
/// are switched off.
void take_over(const Sync& sync);
void forget_relation(const std::string& id);
void delete_sync(const std::string& id);

struct OwnerlessSync {
  std::string id;
  std::string name;  ///< UTF-8
};
/// Deletes the syncs whose owner is no role any more, and the secrets of those that only their table's new owner is
/// left of.
std::vector<OwnerlessSync> delete_ownerless_syncs();

/// Syncs that are due, oldest first; only those whose owner's privileges `role` has.
std::vector<std::string> due_syncs(Oid role, schedule::Time now);
/// Of each role's due syncs the `most` that are due for the longest time.
std::vector<DueRow> oldest_due_syncs(schedule::Time now, int most);

/// When the next one is due, after `now`; empty if none is.
std::optional<schedule::Time> next_due(schedule::Time now);

/// True if there is any sync.
bool any_sync();

/// Syncs in state syncing, likewise. Whether somebody still works on them their locks tell.
std::vector<std::string> syncing_syncs(Oid role);

}  // namespace connector::store
