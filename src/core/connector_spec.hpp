// A request: the connector JSON of SPEC 3, checked and typed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/row_batch.hpp"

namespace connector::core {

class Registry;

/// What is asked for decides which keys must be there: a check or a list of tables needs no table.
enum class RequestKind { import, sync, dry_run, check, list_tables };

enum class CollisionStrategy { rename, skip, overwrite, error };
enum class ColumnNames { normalize, verbatim };
enum class SyncMode { replace, merge, append };
enum class OnSchemaChange { follow, error };

/// One entry of the `columns` key.
struct ColumnChoice {
  std::string name;                 ///< remote column
  std::optional<std::string> type;  ///< SQL text of the local type asked for
};

/// The `sync` key.
struct SyncOptions {
  SyncMode mode = SyncMode::replace;
  std::vector<std::string> key;
  std::optional<std::string> cursor;
  OnSchemaChange on_schema_change = OnSchemaChange::follow;
  bool skip_unchanged = false;
};

/// Connection options by lower-case key, values as text (`port` "3306"). Holds the password: never log it.
using ConnectionOptions = std::map<std::string, std::string, std::less<>>;

struct ConnectorSpec {
  std::string provider;
  /// `connection` was a string: the name of a foreign server. `connection` is empty then, until the caller has
  /// filled it from the server and its user mapping and called check_connection().
  std::optional<std::string> foreign_server;
  ConnectionOptions connection;
  /// hive: the members of `connection.session`.
  std::map<std::string, std::string> session;

  std::optional<std::string> table;
  std::optional<std::string> sql_query;  ///< one trailing semicolon dropped
  std::optional<std::string> import_as;
  std::optional<std::string> schema;
  std::optional<std::string> encoding;  ///< PostgreSQL's canonical name, "WIN1251"
  std::vector<ColumnChoice> columns;    ///< empty = all
  std::optional<std::int64_t> max_rows;
  CollisionStrategy collision_strategy = CollisionStrategy::rename;
  std::optional<std::string> target_schema;
  ColumnNames column_names = ColumnNames::normalize;
  bool default_columns = false;
  InvalidValues invalid_values = InvalidValues::error;
  InvalidValues zero_dates = InvalidValues::null;
  /// The keys that only this provider takes (ProviderInfo::parameters), as text; zero_dates is among them if given.
  std::map<std::string, std::string, std::less<>> provider_parameters;
  std::optional<SyncOptions> sync;
  /// `interval` beside a wrapped connector object: seconds if it was a number, else its text.
  std::optional<std::string> interval;

  /// The name the local table is derived from: import_as, else table; empty for kinds without a table.
  std::string_view local_name_source() const noexcept;
};

/// Reads and checks a request (SPEC 3). All offending keys are named in one Error (1502), with the nearest known key
/// for each unknown one; malformed JSON and an unknown provider are 1502 too. Accepts the bare connector object and
/// the wrapped form `{"connector": {…}, "interval": 900}`. JSON null, and a blank text for a key that is not required,
/// count as absent; only an empty password stays what it is.
ConnectorSpec parse_connector(std::string_view json, RequestKind kind, const Registry& registry);

/// Checks spec.connection against what the provider takes: unknown and missing keys, port range, values of
/// enumerated parameters. parse_connector() has done it already unless foreign_server is set.
void check_connection(const ConnectorSpec& spec, const Registry& registry);

/// The connector object as compact JSON text with every secret replaced by "********", for catalogs, views and
/// messages. Keeps the keys' spelling and order as they were given.
std::string masked_connector(std::string_view json, const Registry& registry);

/// The connector object of a request in either form as compact JSON text, secrets included: for a place that nobody can
/// read.
std::string bare_connector(std::string_view json);

/// The texts of all secrets in a request, as they may stand in the SQL statement that carried it: raw, and escaped as
/// in JSON. Empty for text that is no JSON. Never throws Error.
std::vector<std::string> secret_texts(std::string_view json, const Registry& registry);

}  // namespace connector::core
