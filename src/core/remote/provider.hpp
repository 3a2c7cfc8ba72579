// What a provider is: a self-description and connections, which describe sources of rows.
//
// A driver implements these classes, and those of source.hpp and dialect.hpp, with its client library. It includes core
// and that library, never PostgreSQL's headers, and reports failures by throwing core::Error. Calls come from one
// thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/address_rules.hpp"
#include "core/remote/connection_options.hpp"
#include "core/remote/reader_rules.hpp"
#include "core/remote/source.hpp"
#include "core/net/wait.hpp"

namespace connector::core {

/// The JSON that a key takes where that is neither a text nor told by `integer`, `object` and `allowed_values`.
enum class ParameterForm : std::uint8_t {
  usual,
  boolean,     ///< true or false; the usual form takes the words as well
  connection,  ///< an object, or the name of a foreign server
  columns,     ///< an array of names, an object of names and types, or a text
  names,       ///< a name, or an array of names
  parts,       ///< an array of the allowed values
  sync,        ///< an object of its own parameters
  distribute   ///< likewise, or the word "reference"
};

/// One key of the connector JSON or of its `connection` object, described.
struct ParameterInfo {
  std::string_view name;  ///< lower case
  std::string_view description;
  bool required = false;
  std::string_view default_value = {};                    ///< as text; empty = none
  std::span<const std::string_view> allowed_values = {};  ///< empty = any
  bool secret = false;                                    ///< masked wherever it is shown
  bool server_file = false;  ///< names a file of the database server: superusers and foreign servers only
  bool integer = false;      ///< a JSON number or its text; checked against 1..65535 for `port`, else >= 0
  bool with_port = false;    ///< `server`: the port may stand behind the name
  bool object = false;       ///< a JSON object of names and texts: ConnectorSpec::session
  std::span<const std::string_view> shown_members = {};  ///< object: lower-case names; values of others are masked
  ParameterForm form = ParameterForm::usual;
};

/// Values that come in another form than the remote has them, of one kind: counted by column, and told of.
struct SubstitutionKind {
  std::string_view key;     ///< in the warnings of a result: "zero_dates"
  std::string_view value;   ///< one of them: "zero date"
  std::string_view became;  ///< "NULL"
};

/// What a provider can do, as `cdb_connector_info()` shows it.
struct ProviderFeatures {
  bool sql_queries = true;
  bool list_tables = true;
  bool dry_run = true;
  bool preview_table = true;
  bool table_parts = true;  ///< describes what SourceRequest::parts asks for
};

/// The self-description of a provider: constant data.
struct ProviderInfo {
  std::string_view id;    ///< "mysql"
  std::string_view name;  ///< "MySQL"
  std::string_view description;
  ProviderFeatures features;
  std::span<const ParameterInfo> connection_parameters;
  /// Connector keys beyond those that every provider takes, "zero_dates".
  std::span<const ParameterInfo> parameters;
  std::span<const SubstitutionKind> substitutions = {};
  /// Connection keys of which at least one must be there (odbc: driver or dsn); empty = no such rule.
  std::span<const std::string_view> connection_one_of = {};
  /// Connection keys that are not described are passed on as they are (odbc: any attribute of the driver).
  bool other_connection_keys = false;
  /// Its library dials by itself, so that address rules bind nothing: a connection in a request is for superusers
  /// alone, others use a foreign server that one of them owns.
  bool dials_by_itself = false;
};

/// An entry of `cdb_connector_tables()`.
struct RemoteTable {
  std::string schema;
  std::string name;
  std::string kind;  ///< "table" or "view", or the remote's word for something else
  std::optional<std::int64_t> estimated_rows;
  /// Where all tables are asked for it is not meant: what holds rows of another table, belongs to the remote's own
  /// software, or is no table or view at all.
  bool only_by_name = false;
};

/// A table of a schema, described.
struct DescribedTable {
  RemoteTable table;
  SourceDescription description;
  std::string problem;  ///< not empty: it can't be described, and why
};

/// What a connection offers others, so that all of them read one state of a table's rows.
struct StateOffer {
  std::string token{};            ///< for join_state() of the others
  std::string why_not{};          ///< not empty: nothing is offered, and why, in words for people
  bool holds_up_writers = false;  ///< until end_offer()
};

/// An authenticated session. It may serve one Source at a time.
class Connection {
 public:
  virtual ~Connection() = default;

  /// Runs one trivial statement.
  virtual void check() = 0;

  /// Tables and views of `schema` (empty = the provider's default; where that is none, all the user can see), ordered
  /// by schema and name, at most `limit`.
  virtual std::vector<RemoteTable> list_tables(std::string_view schema, std::int64_t limit) = 0;

  /// Describes a table or query, if possible without executing it. Of columns that were asked for these, in that order
  /// and by the names that they were asked for.
  virtual std::unique_ptr<Source> describe(const SourceRequest& request) = 0;

  /// The parts, sources of this connection, as one: its description has the columns of all of them one after the other,
  /// and no key, index or estimate; its scans say how the parts stand beside each other (Scan::joins). Keeps nothing of
  /// the parts. Null if the remote can't join them.
  virtual std::unique_ptr<Source> join(std::span<Source* const> /*parts*/) { return nullptr; }

  /// Describes the tables and views of `schema` (empty = the provider's default) for which `wanted` is true, each as
  /// describe() does, in few passes over the remote's catalog where that can be. Gives them to `found` one after the
  /// other, ordered by name.
  virtual void describe_schema(std::string_view schema, const TableParts& parts,
                               const std::function<bool(const RemoteTable&)>& wanted,
                               const std::function<void(const DescribedTable&)>& found);

  /// From here to end_snapshot() all that is read is of one moment, where the remote can do that for several
  /// statements. A source that was described before must not be opened meanwhile. `shared`: what begin_snapshot() of
  /// another connection has given, whose moment it is to be then, as long as that one's snapshot lasts; empty = a new
  /// one. Gives what others can share; empty where every scan has a moment of its own. In it a cursor that is destroyed
  /// early, and a statement that fails, leave the connection as it was before, if that can be done.
  virtual std::string begin_snapshot(const std::string& /*shared*/) { return {}; }
  /// Ends that. Takes a second at most, else gives the connection up.
  virtual void end_snapshot() noexcept {}

  /// Several connections come to read one state of a table's rows like this: one that reads nothing itself offers it,
  /// the others join it, and the offer ends as soon as all have, since it may hold up who writes there. What
  /// offer_state() holds up it does for a second at most, waiting for a lock included; whom it can't have within that
  /// it does not wait for, nor are joins waited for that take another second. Describing comes after that. `way` counts
  /// from 0 the ways of the provider to come to one state: the next one is tried where the connections could not agree
  /// by the one before.
  virtual StateOffer offer_state(const SourceRequest& /*of*/, int /*way*/) {
    return {.why_not = "the provider has no state that several connections can read"};
  }
  /// From here on all that this connection reads is of the offered state, until it ends or joins again. Gives a mark:
  /// connections that have joined one offer and whose marks differ have not read one state, and join again. Throws
  /// Error where the state can't be had, as by way of a load balancer that leads to another server; a connection that
  /// is usable() then reads as before.
  virtual std::string join_state(const std::string& /*token*/) { return {}; }
  /// After offer_state() that offered something, also where an exception came between. An Error: it is not known
  /// whether the state was offered until now.
  virtual void end_offer() {}

  /// False once the connection was given up: an interrupt costs it, and a cursor that was left in the middle.
  virtual bool usable() const noexcept = 0;
  /// Whether a cursor that is destroyed early mostly leaves the connection usable, so that nobody need read on to keep
  /// it.
  virtual bool survives_early_end() const noexcept { return false; }
  /// True if the remote has closed the connection while nobody used it, as far as can be told without asking it.
  virtual bool closed_by_remote() const noexcept { return false; }
};

struct ConnectRequest {
  const ConnectionOptions& options;  ///< checked; defaults of ParameterInfo are filled in
  const std::map<std::string, std::string>& session;
  const AddressRules& address_rules;         ///< applied to the address that is dialled
  Wait& wait;                                ///< outlives the connection
  std::chrono::seconds connect_timeout{10};  ///< bounds resolving, connecting and authenticating together
  std::chrono::seconds statement_timeout{
      3600};  ///< for the remote session, where the remote has such a setting; 0 = none
  std::string_view application_name = "connector";
  /// The caller may use what belongs to the database server itself: its account, files and tickets. Else a connection
  /// that the remote side grants without a password from the request must be refused.
  bool trusted = false;
  /// The connection may log in with the Kerberos tickets of the database server's account.
  bool may_use_tickets = false;
  /// How a process of its own is started, for a provider that has one; null = it can't be.
  const ReaderRules* reader = nullptr;
};

class Provider {
 public:
  virtual ~Provider() = default;
  virtual const ProviderInfo& info() const noexcept = 0;
  /// Name and version of the client library in use, "MariaDB Connector/C 3.3.19".
  virtual std::string library_version() const = 0;
  /// Resolves, checks the address, dials and authenticates.
  virtual std::unique_ptr<Connection> connect(const ConnectRequest& request) const = 0;
};

}  // namespace connector::core
