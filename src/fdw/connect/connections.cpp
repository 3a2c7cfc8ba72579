#include "fdw/connect/connections.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <utility>

#include "core/base/error.hpp"
#include "reader/providers.hpp"
#include "jobs/foreign_server.hpp"
#include "jobs/login.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/latch_wait.hpp"
#include "pg/text.hpp"
#include "settings/settings.hpp"

extern "C" {
#include "access/xact.h"
#include "foreign/foreign.h"
#include "storage/ipc.h"
#include "utils/inval.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
}

namespace connector::fdw {

using Sources = std::map<std::string, std::shared_ptr<core::Source>>;

/// What decides how a connection is made, and whether it is. One that was made otherwise is not used.
struct Terms {
  const core::Provider* provider = nullptr;
  core::ConnectionOptions options;
  bool trusted = false;
  bool may_use_tickets = false;
  std::string allowed_hosts;
  bool allow_local_addresses = false;
  std::chrono::seconds read_timeout{0};

  bool operator==(const Terms&) const = default;
};

/// Destroyed from the last member to the first.
struct KeptConnection {
  explicit KeptConnection(Terms made_on)
      : terms(std::move(made_on)),
        usual_wait(core::no_deadline, terms.read_timeout),
        wait(usual_wait, terms.read_timeout) {}

  const Terms terms;
  pg::LatchWait usual_wait;
  core::SuspendableWait wait;
  std::unique_ptr<core::Connection> connection;
  Sources sources;
  Sources joined;                 ///< null: they can't be joined
  std::uint64_t changes = 0;      ///< the value of `changes` when it was taken last
  std::uint64_t snapshot_of = 0;  ///< the transaction whose snapshot it has; 0 = none
  TimestampTz since = GetCurrentTimestamp();
  std::chrono::steady_clock::time_point used_until = std::chrono::steady_clock::now();
};

/// The connections of one role to one server.
struct Place {
  Oid server = InvalidOid;
  Oid role = InvalidOid;
  std::vector<std::unique_ptr<KeptConnection>> idle;
  std::vector<KeptConnection*> used;
  std::uint64_t checked_in = 0;  ///< the transaction in which the role's right to `checked` was looked at
  const core::Provider* checked = nullptr;
  std::uint64_t snapshot_of = 0;  ///< the transaction that `snapshot` is for
  std::string snapshot;           ///< what the connections share
};

namespace {

/// More tables than this are not kept described.
constexpr std::size_t most_sources = 200;
/// And no more than this joined, each of which has the columns of all its tables.
constexpr std::size_t most_joined_sources = 30;

/// How long a connection may be unused and still be taken for alive.
constexpr std::chrono::seconds rest{60};

/// All of the session. Its own memory, not PostgreSQL's: it lives as long as the process.
std::vector<std::shared_ptr<Place>>& places() {
  static auto& all = *new std::vector<std::shared_ptr<Place>>;
  return all;
}

/// Counts the transactions of the session, from 1.
std::uint64_t transaction = 1;
/// Counts the changes of foreign servers and user mappings, of whichever.
std::uint64_t changes = 0;

/// The scope in which a wait, which has no limit else, is over at a point in time.
class BoundedWait {
 public:
  BoundedWait(pg::LatchWait& wait, core::Deadline until) noexcept : wait_(wait) { wait_.set_run_deadline(until); }
  ~BoundedWait() { wait_.set_run_deadline(core::no_deadline); }
  BoundedWait(const BoundedWait&) = delete;
  BoundedWait& operator=(const BoundedWait&) = delete;

 private:
  pg::LatchWait& wait_;
};

void end_snapshot(KeptConnection& kept) noexcept {
  if (kept.snapshot_of == 0) return;
  kept.snapshot_of = 0;
  kept.connection->end_snapshot();
}

/// Servers and mappings that change are rare: all connections from before that nobody uses are closed, whether it is
/// theirs that has changed or not.
void close_changed() noexcept {
  for (const auto& place : places()) {
    std::erase_if(place->idle, [](const auto& kept) { return kept->changes != changes && kept->snapshot_of == 0; });
  }
}

/// Neither throws nor raises: the transaction has ended.
void on_transaction_end(XactEvent event, void* /*argument*/) {
  switch (event) {
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PREPARE:
      break;
    default:
      return;
  }
  ++transaction;
  for (const auto& place : places()) {
    for (const auto& kept : place->idle) end_snapshot(*kept);
    std::erase_if(place->idle, [](const auto& kept) { return !kept->connection->usable(); });
    if (place->idle.size() > usual_connections) place->idle.resize(usual_connections);
  }
  close_changed();
}

void on_change(Datum /*argument*/, int /*cache*/, uint32 /*hash*/) {
  ++changes;
}

/// The session is at its end: the connections of scans that are under way, which come back behind on_exit(), when the
/// transaction is rolled back, are not kept either.
bool session_ends = false;

/// Says goodbye, so that remotes don't log lost connections.
void on_exit(int /*code*/, Datum /*argument*/) {
  session_ends = true;
  for (const auto& place : places()) place->idle.clear();
}

void watch_session() {
  static bool watching = false;
  if (watching) return;
  pg::guard([] {
    RegisterXactCallback(on_transaction_end, nullptr);
    CacheRegisterSyscacheCallback(FOREIGNSERVEROID, on_change, Datum{0});
    CacheRegisterSyscacheCallback(USERMAPPINGOID, on_change, Datum{0});
    before_shmem_exit(on_exit, Datum{0});
  });
  watching = true;
}

std::shared_ptr<Place> find_place(Oid server, Oid role) {
  for (const auto& place : places()) {
    if (place->server == server && place->role == role) return place;
  }
  auto place = std::make_shared<Place>();
  place->server = server;
  place->role = role;
  places().push_back(place);
  return place;
}

std::string server_name(Oid server) {
  return pg::utf8_text(pg::guard([=] { return GetForeignServer(server)->servername; }));
}

/// An idle connection that was made as it would be made now; others are closed.
std::unique_ptr<KeptConnection> take_idle(Place& place, const Terms& terms) {
  std::erase_if(place.idle, [&](const auto& kept) {
    // One that the remote has closed meanwhile is no loss, unless a snapshot went with it.
    const bool is_closed = kept->snapshot_of == 0 && kept->connection->closed_by_remote();
    return kept->terms != terms || is_closed || !kept->connection->usable();
  });
  if (place.idle.empty()) return nullptr;
  // One that has the snapshot already comes first.
  const auto in_snapshot = std::ranges::find_if(place.idle, [](const auto& kept) { return kept->snapshot_of != 0; });
  const auto taken = in_snapshot != place.idle.end() ? in_snapshot : place.idle.begin();
  std::unique_ptr<KeptConnection> kept = std::move(*taken);
  place.idle.erase(taken);
  return kept;
}

bool has_snapshot(const Place& place) {
  const auto is_in = [](const auto& kept) { return kept->snapshot_of == transaction && kept->connection->usable(); };
  return std::ranges::any_of(place.idle, is_in) || std::ranges::any_of(place.used, is_in);
}

/// All scans of a transaction see one moment, where the remote can do that.
void begin_snapshot(Place& place, KeptConnection& kept) {
  if (kept.snapshot_of == transaction) return;
  end_snapshot(kept);
  if (place.snapshot_of != transaction) {
    place.snapshot_of = transaction;
    place.snapshot.clear();
  }
  if (!place.snapshot.empty() && !has_snapshot(place)) {
    throw core::Error(core::ErrorNumber::cannot_read, "the snapshot of this transaction at the remote server is lost",
                      "The connections that kept it have ended.", "Roll back, and try again.");
  }
  const std::string shared = kept.connection->begin_snapshot(place.snapshot);
  if (shared.empty()) return;
  if (place.snapshot.empty()) place.snapshot = shared;
  kept.snapshot_of = transaction;
}

constexpr char end_of_request = '\x1e';

/// Everything that tells one request from another.
std::string key_of(const core::SourceRequest& request) {
  constexpr char end = '\x1f';
  std::string key;
  const auto add = [&key](std::string_view text) { (key += text) += end; };
  for (const std::string& text : {request.schema, request.table, request.query}) add(text);
  for (const core::ColumnRequest& column : request.columns) {
    add(column.name);
    if (!column.wanted) continue;
    add(core::sql_type_name(*column.wanted));
    add(std::to_string(column.wanted->srid) + column.wanted->extension);
  }
  add(request.encoding.value_or(""));
  for (const auto& [name, value] : request.parameters) {
    add(name);
    add(value);
  }
  add(request.invalid_become_null ? "null" : "error");
  return key;
}

/// A server may describe what it likes: all that follows goes by the columns that were asked for.
void check_columns(const core::Source& source, std::size_t asked) {
  const std::size_t described = source.description().columns.size();
  if (described == asked) return;
  throw core::Error(
      core::ErrorNumber::cannot_read, "the remote server describes other columns than it was asked for",
      "It was asked for " + std::to_string(asked) + " columns, and describes " + std::to_string(described) + '.',
      "If the remote table has changed, make the foreign table anew.");
}

}  // namespace

Lease::Lease(std::shared_ptr<Place> place, std::unique_ptr<KeptConnection> connection)
    : place_(std::move(place)), connection_(std::move(connection)) {
  place_->idle.reserve(place_->idle.size() + place_->used.size() + 1);
  place_->used.push_back(connection_.get());
}

Lease::~Lease() {
  std::erase(place_->used, connection_.get());
  connection_->used_until = std::chrono::steady_clock::now();
  if (connection_->snapshot_of != transaction) end_snapshot(*connection_);
  // Room was made before.
  if (!session_ends && connection_->connection->usable()) place_->idle.push_back(std::move(connection_));
}

core::Connection& Lease::connection() noexcept {
  return *connection_->connection;
}

core::SuspendableWait& Lease::wait() noexcept {
  return connection_->wait;
}

bool Lease::fetch_until(core::RemoteCursor& cursor, core::RowBatch& batch, core::Deadline until) {
  const BoundedWait bounded(connection_->usual_wait, until);
  return cursor.fetch(batch);
}

const core::ProviderInfo& Lease::provider() const noexcept {
  return connection_->terms.provider->info();
}

std::shared_ptr<core::Source> Lease::kept_source(const core::SourceRequest& request) {
  Sources& sources = connection_->sources;
  const std::string key = key_of(request);
  const auto found = sources.find(key);
  if (found != sources.end()) return found->second;
  if (sources.size() >= most_sources) sources.clear();
  std::shared_ptr<core::Source> source = connection_->connection->describe(request);
  if (!request.columns.empty()) check_columns(*source, request.columns.size());
  return sources.emplace(key, std::move(source)).first->second;
}

core::Source& Lease::source(const core::SourceRequest& request) {
  return *kept_source(request);
}

core::Source* Lease::joined_source(const std::vector<core::SourceRequest>& requests) {
  Sources& joined = connection_->joined;
  std::string key;
  for (const core::SourceRequest& request : requests) key += key_of(request) + end_of_request;
  const auto found = joined.find(key);
  if (found != joined.end()) return found->second.get();
  std::vector<std::shared_ptr<core::Source>> kept;  // while they are needed
  std::vector<core::Source*> parts;
  for (const core::SourceRequest& request : requests) parts.push_back(kept.emplace_back(kept_source(request)).get());
  if (joined.size() >= most_joined_sources) joined.clear();
  std::shared_ptr<core::Source> source = connection_->connection->join(parts);
  std::size_t columns = 0;
  for (const core::Source* part : parts) columns += part->description().columns.size();
  if (source != nullptr) check_columns(*source, columns);
  return joined.emplace(key, std::move(source)).first->second.get();
}

void Lease::forget(const core::SourceRequest& request) noexcept {
  const std::string key = key_of(request);
  const auto forget_in = [&](KeptConnection& kept) {
    kept.sources.erase(key);
    std::erase_if(kept.joined, [&](const auto& joined) { return joined.first.find(key) != std::string::npos; });
  };
  forget_in(*connection_);
  // Else the next plan could be made with what another one knows.
  for (const auto& kept : place_->idle) forget_in(*kept);
}

std::string provider_of_server(Oid server) {
  const std::string name = server_name(server);
  const std::optional<std::string> provider = jobs::server_provider(name);
  if (provider) return *provider;
  throw core::Error(core::ErrorNumber::invalid_parameters, "foreign server \"" + name + "\" names no provider", {},
                    "ALTER SERVER ... OPTIONS (ADD provider '...') does; cdb_connectors() lists the providers.");
}

namespace {

/// A connection that was not used for a while may be lost without a word of it: it is asked first. Throws Error.
void check_rested(KeptConnection& kept, std::chrono::seconds limit) {
  if (kept.snapshot_of != 0 || std::chrono::steady_clock::now() - kept.used_until < rest) return;
  const BoundedWait bounded(kept.usual_wait, std::chrono::steady_clock::now() + limit);
  kept.connection->check();
}

}  // namespace

std::unique_ptr<Lease> lease(Oid server, Oid role) {
  watch_session();
  close_changed();
  const pg::ActAs identity(role, SECURITY_LOCAL_USERID_CHANGE);
  core::ConnectorSpec spec;
  spec.foreign_server = server_name(server);
  spec.provider = provider_of_server(server);
  const core::Provider* provider = providers().find(spec.provider);
  if (provider == nullptr) {
    throw core::Error(core::ErrorNumber::invalid_parameters, "provider \"" + spec.provider + "\" was not built in", {},
                      "cdb_connectors() lists the providers.");
  }
  const std::shared_ptr<Place> place = find_place(server, role);
  const std::uint64_t changes_until_now = changes;
  const jobs::ServerConnection connection = jobs::use_foreign_server(spec, *provider);
  if (place->checked_in != transaction || place->checked != provider) {
    jobs::check_provider_enabled(spec.provider);
    place->checked_in = transaction;
    place->checked = provider;
  }
  const bool trusted = pg::guard([] { return superuser(); });
  const jobs::Trust trust{trusted, trusted || connection.superuser_owns};
  const settings::Settings settings = settings::current();
  Terms terms{provider,
              spec.connection,
              trust.trusted,
              trust.may_use_tickets,
              std::string(settings.allowed_hosts),
              settings.allow_local_addresses,
              settings.read_timeout};
  if (std::unique_ptr<KeptConnection> kept = take_idle(*place, terms)) {
    kept->changes = changes_until_now;
    try {
      check_rested(*kept, settings.connect_timeout);
      begin_snapshot(*place, *kept);
      return std::make_unique<Lease>(place, std::move(kept));
    } catch (const core::Error&) {
      // It was lost while nobody used it.
      if (!kept || kept->connection->usable()) throw;
    }
  }
  auto kept = std::make_unique<KeptConnection>(std::move(terms));
  kept->changes = changes_until_now;
  // How long a scan may take is its statement's affair: a cursor may stay open for hours.
  kept->connection = jobs::connect(*provider, spec, settings, std::chrono::seconds(0), trust, kept->wait);
  begin_snapshot(*place, *kept);
  return std::make_unique<Lease>(place, std::move(kept));
}

std::vector<ConnectionState> connection_states() {
  std::vector<ConnectionState> states;
  for (const auto& place : places()) {
    const auto add = [&](const KeptConnection& kept, bool is_used) {
      const char* server = pg::guard([&]() -> const char* {
        const ForeignServer* found = GetForeignServerExtended(place->server, FSV_MISSING_OK);
        return found != nullptr ? found->servername : "";
      });
      const char* role = pg::guard([&] { return GetUserNameFromId(place->role, true); });
      states.push_back({server, role != nullptr ? role : "", std::string(kept.terms.provider->info().id), is_used,
                        kept.snapshot_of == transaction, kept.since});
    };
    for (const KeptConnection* kept : place->used) add(*kept, true);
    for (const auto& kept : place->idle) add(*kept, false);
  }
  return states;
}

Closed close_connections(std::optional<Oid> server) {
  Closed count;
  for (const auto& place : places()) {
    if (server && place->server != *server) continue;
    count.left += static_cast<std::int64_t>(place->used.size());
    count.closed +=
        static_cast<std::int64_t>(std::erase_if(place->idle, [](const auto& kept) { return kept->snapshot_of == 0; }));
    count.left += static_cast<std::int64_t>(place->idle.size());
  }
  return count;
}

}  // namespace connector::fdw
