#include "store/syncs.hpp"

#include "core/base/words.hpp"
#include "pg/text.hpp"
#include "pg/time_zone.hpp"
#include "store/sql.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_type.h"
}

namespace connector::store {

using namespace sql;

namespace {

using schedule::State;

constexpr auto state_words = core::words<State>({{State::created, "created"},
                                                 {State::queued, "queued"},
                                                 {State::syncing, "syncing"},
                                                 {State::success, "success"},
                                                 {State::failure, "failure"}});

// Per process, as the trigger that asks is called by PostgreSQL, and no argument gets there.
bool creating = false;

struct Creating {
  Creating() noexcept { creating = true; }
  ~Creating() { creating = false; }
  Creating(const Creating&) = delete;
  Creating& operator=(const Creating&) = delete;
};

// The table's owner is the sync's, as soon as there is a table.
constexpr const char* owner_sql = "coalesce(c.relowner, s.owner::oid)";
constexpr const char* from_sql = " FROM connector.sync s LEFT JOIN pg_class c ON c.oid = s.relation ";

SqlParameter flag(bool value) {
  return {BOOLOID, value ? "t" : "f"};
}

SqlParameter clock_time(const std::optional<schedule::ClockTime>& at) {
  return {TEXTOID, at ? std::optional(schedule::clock_time_text(*at)) : std::nullopt};
}

void save_secrets(const std::string& id, const core::StoredRequest& request) {
  if (!request.secrets) return;
  execute(
      "INSERT INTO connector.sync_secret (sync_id, secrets, role) SELECT s.id, $2, s.owner::oid FROM connector.sync s "
      "WHERE s.id = $1",
      {uuid(id), json(request.secrets)});
}

std::vector<std::string> first_column(const SqlRows& rows) {
  std::vector<std::string> result;
  result.reserve(rows.size());
  for (const auto& row : rows) result.push_back(*row[0]);
  return result;
}

/// The next run compares all.
void forget_ranges(const std::string& id) {
  execute("DELETE FROM connector.sync_comparison WHERE sync_id = $1", {uuid(id)});
}

}  // namespace

std::string_view state_name(schedule::State state) noexcept {
  return state_words.of(state);
}

schedule::Time now() {
  return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
}

bool is_creating() noexcept {
  return creating;
}

void create_sync(const NewSync& sync, schedule::Time now) {
  const Creating scope;
  execute(
      "INSERT INTO connector.sync (id, owner, item_queue_id, provider, request, has_secret, trusted, target_schema, "
      "interval_seconds, name, target_table, server, source, state, created_at, updated_at, run_at, at, on_success, "
      "on_failure, statements_role) "
      "SELECT $1, $2::regrole, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'created', t, t, t, $15, $16, $17, $18 "
      "FROM (SELECT " +
          time_sql(14) + ") AS n (t)",
      {uuid(sync.id),
       oid(sync.owner),
       uuid(sync.item_queue_id),
       text(sync.provider),
       json(sync.request.masked),
       flag(sync.request.secrets.has_value()),
       flag(sync.request.trusted),
       {TEXTOID, sync.target_schema},
       number(static_cast<std::uint64_t>(sync.interval.count())),
       text(sync.name),
       shown(sync.texts.target_table),
       shown(sync.texts.server),
       shown(sync.texts.source),
       time(now),
       clock_time(sync.at),
       {TEXTOID, sync.statements.on_success},
       {TEXTOID, sync.statements.on_failure},
       oid(sync.statements.role)});
  save_secrets(sync.id, sync.request);
}

bool is_due(const Sync& sync, schedule::Time now) noexcept {
  const schedule::Schedule& schedule = sync.schedule;
  return schedule.state != schedule::State::syncing && schedule.run_at && *schedule.run_at <= now &&
         (!sync.paused || schedule.state == schedule::State::queued);
}

std::optional<Sync> lock_sync(const std::string& id, RowLock lock) {
  // Locked first, and read then: after a wait FOR UPDATE gives the row as it is now, but what is joined to it as it
  // was.
  const std::string locking = std::string("SELECT FROM connector.sync WHERE id = $1 FOR UPDATE") +
                              (lock == RowLock::skip ? " SKIP LOCKED" : "");
  if (query(locking, {uuid(id)}).empty()) return std::nullopt;
  const SqlRows rows =
      query("SELECT s.item_queue_id, " + std::string(owner_sql) +
                ", s.provider, s.request, x.secrets, s.trusted, s.has_secret AND x.sync_id IS NULL, "
                "s.target_schema, s.relation::oid, c.oid IS NOT NULL, s.paused, s.state, s.interval_seconds, "
                "(extract(epoch FROM s.run_at) * 1000000)::bigint, s.retried_times, s.checksum, s.layout, s.log_id, "
                "s.owner::oid, s.position, s.name, s.target_table, s.server, s.source, s.at, "
                "x.role IS NOT DISTINCT FROM s.owner::oid" +
                from_sql + "LEFT JOIN connector.sync_secret x ON x.sync_id = s.id WHERE s.id = $1",
            {uuid(id)});
  if (rows.empty()) return std::nullopt;
  const auto& row = rows[0];
  Sync sync;
  sync.id = id;
  sync.item_queue_id = *row[0];
  sync.owner = pg::read_oid(row[1]);
  sync.provider = *row[2];
  sync.request.masked = utf8(*row[3]);
  if (row[4]) sync.request.secrets = utf8(*row[4]);
  sync.request.trusted = *row[5] == "t";
  sync.secret_missing = *row[6] == "t";
  sync.target_schema = *row[7];
  sync.relation = pg::read_oid(row[8]);
  sync.relation_exists = *row[9] == "t";
  sync.paused = *row[10] == "t";
  sync.schedule.state = state_words.find(*row[11]).value();
  sync.schedule.interval = std::chrono::seconds(std::stoll(*row[12]));
  if (row[13]) sync.schedule.run_at = parse_time(*row[13]);
  sync.schedule.retried_times = std::stoi(*row[14]);
  sync.checksum = utf8(*row[15]);
  if (row[16]) sync.layout = utf8(*row[16]);
  sync.log_id = row[17];
  sync.requester = pg::read_oid(row[18]);
  if (row[19]) sync.position = utf8(*row[19]);
  sync.name = utf8(*row[20]);
  sync.texts = {.server = utf8(*row[22]), .source = utf8(*row[23]), .target_table = utf8(*row[21])};
  sync.secrets_are_owners = *row[25] == "t";
  // A restore may have brought the name of a zone that is not known here: then due times are counted from the last one.
  if (row[24]) sync.schedule.at = pg::daily_time(schedule::parse_clock_time(*row[24]));
  return sync;
}

bool has_syncs(Oid role, int limit) {
  const SqlRows rows = query("SELECT count(*) >= $2 FROM (SELECT FROM connector.sync WHERE owner = $1 LIMIT $2) AS s",
                             {oid(role), number(static_cast<std::uint64_t>(limit))});
  return *rows[0][0] == "t";
}

std::optional<Oid> sync_owner(const std::string& id) {
  const SqlRows rows = query("SELECT " + std::string(owner_sql) + from_sql + "WHERE s.id = $1", {uuid(id)});
  if (rows.empty()) return std::nullopt;
  return pg::read_oid(rows[0][0]);
}

bool holds_locks() {
  return *query(
             "SELECT EXISTS (SELECT FROM pg_locks l LEFT JOIN pg_class c ON c.oid = l.relation "
             "WHERE l.pid = pg_backend_pid() AND l.granted AND (l.locktype = 'advisory' OR l.locktype = 'relation' "
             "AND l.database = $1 AND l.relation >= $2 AND coalesce(c.relnamespace::regnamespace::text, '') "
             "NOT IN ('connector', 'pg_toast')))",
             {oid(MyDatabaseId), oid(FirstNormalObjectId)})[0][0] == "t";
}

void save_schedule(const std::string& id, const schedule::Schedule& schedule) {
  execute("UPDATE connector.sync SET state = $2, interval_seconds = $3, run_at = " + time_sql(4) +
              ", retried_times = $5 WHERE id = $1",
          {uuid(id),
           text(std::string(state_name(schedule.state))),
           number(static_cast<std::uint64_t>(schedule.interval.count())),
           time(schedule.run_at),
           {INT4OID, std::to_string(schedule.retried_times)}});
}

void save_request(const std::string& id, const schedule::Schedule& schedule) {
  save_schedule(id, schedule);
  execute("UPDATE connector.sync SET error_code = NULL, error_message = NULL WHERE id = $1", {uuid(id)});
}

void save_paused(const std::string& id, bool paused) {
  execute("UPDATE connector.sync SET paused = $2 WHERE id = $1", {uuid(id), {BOOLOID, paused ? "t" : "f"}});
}

void save_connector(const std::string& id, const std::string& provider, const core::StoredRequest& request,
                    const RequestTexts& texts, const std::optional<schedule::ClockTime>& at,
                    const Statements& statements) {
  execute(
      "UPDATE connector.sync SET provider = $2, request = $3, has_secret = $4, trusted = $5, target_table = $6, "
      "server = $7, source = $8, at = $9, on_success = $10, on_failure = $11, statements_role = $12, checksum = '', "
      "position = NULL, request_number = request_number + 1 WHERE id = $1",
      {uuid(id),
       text(provider),
       json(request.masked),
       flag(request.secrets.has_value()),
       flag(request.trusted),
       shown(texts.target_table),
       shown(texts.server),
       shown(texts.source),
       clock_time(at),
       {TEXTOID, statements.on_success},
       {TEXTOID, statements.on_failure},
       oid(statements.role)});
  execute("DELETE FROM connector.sync_secret WHERE sync_id = $1", {uuid(id)});
  save_secrets(id, request);
  forget_ranges(id);
}

void save_name(const std::string& id, const std::string& name) {
  execute("UPDATE connector.sync SET name = $2 WHERE id = $1", {uuid(id), text(name)});
}

void take_over(const Sync& sync) {
  execute(
      "UPDATE connector.sync SET owner = $2::regrole, checksum = '', statements_role = NULL, request_number = "
      "request_number + 1 WHERE id = $1",
      {uuid(sync.id), oid(sync.owner)});
  execute("DELETE FROM connector.sync_secret WHERE sync_id = $1", {uuid(sync.id)});
  forget_ranges(sync.id);
}

void forget_relation(const std::string& id) {
  execute("UPDATE connector.sync SET relation = NULL, checksum = '', layout = NULL, position = NULL WHERE id = $1",
          {uuid(id)});
  forget_ranges(id);
}

void delete_sync(const std::string& id) {
  execute("DELETE FROM connector.sync WHERE id = $1", {uuid(id)});
  // Its first run, if that was announced and will not come.
  execute("DELETE FROM connector.import WHERE synchronization_id = $1 AND state = 'enqueued'", {uuid(id)});
}

std::vector<OwnerlessSync> delete_ownerless_syncs() {
  execute(
      "DELETE FROM connector.sync_secret WHERE sync_id IN (SELECT s.id FROM connector.sync s "
      "WHERE NOT EXISTS (SELECT FROM pg_authid a WHERE a.oid = s.owner::oid) FOR UPDATE SKIP LOCKED)",
      {});
  std::vector<OwnerlessSync> deleted;
  for (const auto& row : query("SELECT s.id, s.name" + std::string(from_sql) +
                                   "WHERE NOT EXISTS (SELECT FROM pg_authid a WHERE a.oid = " + owner_sql +
                                   ") FOR UPDATE OF s SKIP LOCKED",
                               {})) {
    delete_sync(*row[0]);
    deleted.push_back({*row[0], utf8(*row[1])});
  }
  return deleted;
}

std::vector<std::string> due_syncs(Oid role, schedule::Time now) {
  return first_column(query("SELECT s.id" + std::string(from_sql) + "WHERE s.run_at <= " + time_sql(2) +
                                " AND s.state <> 'syncing' AND (NOT s.paused OR s.state = 'queued') "
                                "AND pg_has_role($1, " +
                                owner_sql + ", 'USAGE') ORDER BY s.run_at, s.id",
                            {oid(role), time(now)}));
}

std::vector<DueRow> oldest_due_syncs(schedule::Time now, int most) {
  const SqlRows rows = query(
      "SELECT d.id, d.owner, d.provider, d.us, r.oid IS NOT NULL, coalesce(r.rolcanlogin, false) FROM ("
      "SELECT s.id, s.run_at, s.provider, (extract(epoch FROM s.run_at) * 1000000)::bigint AS us, " +
          std::string(owner_sql) + " AS owner, row_number() OVER (PARTITION BY " + owner_sql +
          " ORDER BY s.run_at, s.id) AS n" + from_sql + "WHERE s.run_at <= " + time_sql(1) +
          " AND s.state <> 'syncing' AND (NOT s.paused OR s.state = 'queued')) AS d "
          "LEFT JOIN pg_roles r ON r.oid = d.owner WHERE d.n <= $2 ORDER BY d.run_at, d.id",
      {time(now), number(static_cast<std::uint64_t>(most))});
  return read_due_rows(rows);
}

std::optional<schedule::Time> next_due(schedule::Time now) {
  const SqlRows rows = query(
      "SELECT (extract(epoch FROM s.run_at) * 1000000)::bigint FROM connector.sync s "
      "WHERE s.run_at > " +
          time_sql(1) +
          " AND s.state <> 'syncing' AND (NOT s.paused OR s.state = 'queued') "
          "ORDER BY s.run_at LIMIT 1",
      {time(now)});
  if (rows.empty()) return std::nullopt;
  return parse_time(*rows[0][0]);
}

bool any_sync() {
  return *query("SELECT EXISTS (SELECT FROM connector.sync)", {})[0][0] == "t";
}

std::vector<std::string> syncing_syncs(Oid role) {
  return first_column(query("SELECT s.id" + std::string(from_sql) + "WHERE s.state = 'syncing' AND pg_has_role($1, " +
                                owner_sql + ", 'USAGE') ORDER BY s.id",
                            {oid(role)}));
}

}  // namespace connector::store
