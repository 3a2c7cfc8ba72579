// What a provider is: a self-description, connections, and sources of rows.
//
// A driver implements these four classes with its client library. It includes core and that library, never
// PostgreSQL's headers, and reports failures by throwing core::Error. Calls come from one thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/net/address_rules.hpp"
#include "core/remote/connection_options.hpp"
#include "core/rows/logical_type.hpp"
#include "core/rows/row_batch.hpp"
#include "core/net/wait.hpp"

namespace connector::core {

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
  bool object = false;       ///< a JSON object of names and texts: ConnectorSpec::session
  std::span<const std::string_view> shown_members = {};  ///< object: lower-case names; values of others are masked
};

/// What a provider can do, as `cdb_connector_info()` shows it.
struct ProviderFeatures {
  bool sql_queries = true;
  bool list_tables = true;
  bool dry_run = true;
  bool preview_table = true;
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
  /// Connection keys of which at least one must be there (odbc: driver or dsn); empty = no such rule.
  std::span<const std::string_view> connection_one_of = {};
  /// Connection keys that are not described are passed on as they are (odbc: any attribute of the driver).
  bool other_connection_keys = false;
};

/// A column of a source as the remote describes it.
struct RemoteColumn {
  std::string name;         ///< UTF-8; may be empty
  std::string remote_type;  ///< in the remote's words, "bigint(20) unsigned"
  LogicalType type;         ///< the local type; meaningless if unsupported_reason is set
  ValueForm form = ValueForm::datum;
  /// Text and receive form: PostgreSQL's name of the encoding that text in its values arrives in.
  std::string encoding = "UTF8";
  std::string unsupported_reason;  ///< not empty: the column must be left out, and why
  /// Declared so by the remote for a table; what metadata tell of a view's columns is no promise. A value that becomes
  /// NULL on the way (a zero date) may contradict it: the loader drops the constraint then.
  bool not_null = false;
  std::string comment;
};

struct SourceDescription {
  std::vector<RemoteColumn> columns;
  std::vector<std::string> primary_key;        ///< remote column names in key order; empty = none or not known
  std::optional<std::int64_t> estimated_rows;  ///< the remote's own cheap estimate
  std::string comment;                         ///< of the table
};

/// A column the request named, with the local type it asked for.
struct ColumnRequest {
  std::string name;
  /// A driver that can deliver this type natively (MySQL time as interval, say) describes the column so; else it
  /// describes the natural type and the loader casts.
  std::optional<LogicalType> wanted;
};

struct SourceRequest {
  std::string schema;                   ///< empty = the provider's default
  std::string table;                    ///< used if query is empty
  std::string query;                    ///< sent as it is
  std::vector<ColumnRequest> columns;   ///< empty = all
  std::optional<std::string> encoding;  ///< of remote text, PostgreSQL's name; absent = ask for UTF-8
  InvalidValues zero_dates = InvalidValues::null;
};

/// Rows in the order of a column, from a value on.
struct CursorRange {
  std::size_t column = 0;  ///< index in SourceDescription::columns
  /// The least value, as PostgreSQL prints it for the column's described type: ISO dates, timestamps with time zone in
  /// UTC with `+00`, floats with all their digits. Absent: all rows. Text is compared by its bytes in UTF-8.
  std::optional<std::string> from;
};

/// What a remote said of a statement whose rows were read, so often.
struct RemoteWarning {
  long code = 0;        ///< the remote's own number
  std::string message;  ///< of the first one, UTF-8
  std::uint64_t count = 0;
};

/// An open table or query. Describe, then open() once, then fetch() until it returns false.
/// Destroying it early stops the remote statement as well as can be done in a second, without throwing.
class Source {
 public:
  virtual ~Source() = default;

  /// Known as soon as the source exists. A column that was asked for and is not there is an Error (describe).
  virtual const SourceDescription& description() const = 0;

  /// To be called before open(), if at all: only rows in the range are wanted, and where the row limit cuts, the first
  /// ones by that column. False if the remote can't do exactly that: then the call has no effect.
  virtual bool read_range(const CursorRange& range) {
    static_cast<void>(range);
    return false;
  }

  /// Something that is sure to differ once rows of the source have changed, if the remote can tell that cheaply; asked
  /// for before open().
  virtual std::optional<std::string> change_mark() { return std::nullopt; }

  /// Executes: rows will come with description().columns[selected[0]], [selected[1]], … At most `row_limit` rows
  /// are wanted; it is pushed to the remote where a table is read, and a driver may ignore it for a query.
  virtual void open(const std::vector<std::size_t>& selected, std::optional<std::int64_t> row_limit) = 0;

  /// Adds rows to `batch` (whose columns are the selected ones, in that order) until it is full or the rows end.
  /// Returns false when there are no more rows; the batch may have got the last ones.
  virtual bool fetch(RowBatch& batch) = 0;

  /// Dates that were zero or partial and became NULL, per selected column. Empty = the provider has no such dates.
  virtual std::span<const std::uint64_t> zero_date_counts() const { return {}; }

  /// Nested values that the remote printed as something else than JSON and that became JSON strings of the print, per
  /// selected column. Empty = the provider has no such values.
  virtual std::span<const std::uint64_t> nested_text_counts() const { return {}; }

  /// Warnings about values, one entry for each number; known behind the last row. A warning that rows are missing or
  /// that a result was cut is an Error of fetch() instead.
  virtual std::vector<RemoteWarning> remote_warnings() const { return {}; }
};

/// An entry of `cdb_connector_tables()`.
struct RemoteTable {
  std::string schema;
  std::string name;
  std::string kind;  ///< "table" or "view", or the remote's word for something else
  std::optional<std::int64_t> estimated_rows;
};

/// An authenticated session. It may serve one Source at a time; the Source must not outlive it.
class Connection {
 public:
  virtual ~Connection() = default;

  /// Runs one trivial statement.
  virtual void check() = 0;

  /// Tables and views of `schema` (empty = the provider's default; where that is none, all the user can see), ordered
  /// by schema and name, at most `limit`.
  virtual std::vector<RemoteTable> list_tables(std::string_view schema, std::int64_t limit) = 0;

  /// Describes a table or query without executing it.
  virtual std::unique_ptr<Source> describe(const SourceRequest& request) = 0;
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
