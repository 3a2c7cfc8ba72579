// A request: the connector JSON, checked and typed.
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

/// A table of PostgreSQL has no more columns; so a list of some need not be longer.
constexpr std::size_t max_listed_columns = 1600;

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

/// Reads and checks a request. All offending keys are named in one Error (1502), with the nearest known key
/// for each unknown one; malformed JSON and an unknown provider are 1502 too. Accepts the bare connector object and
/// the wrapped form `{"connector": {…}, "interval": 900}`. JSON null, and a blank text for a key that is not required,
/// count as absent; only an empty password stays what it is.
ConnectorSpec parse_connector(std::string_view json, RequestKind kind, const Registry& registry);

/// Checks spec.connection against what the provider takes: unknown and missing keys, port range, values of
/// enumerated parameters. parse_connector() has done it already unless foreign_server is set.
void check_connection(const ConnectorSpec& spec, const Registry& registry);

/// A request as it is stored: what anybody may see, and apart from it the secrets.
struct StoredRequest {
  std::string masked;  ///< the connector object as compact JSON, each secret as "********"
  std::optional<std::string>
      secrets;           ///< JSON: `[[3, "hunter2"], …]`, which value of `masked` is what; none = no masks
  bool trusted = false;  ///< given by a superuser
};

/// The secrets of a stored request are no longer than this, so that they always fit a page of a table.
constexpr std::size_t max_secret_bytes = 4000;

/// A request with its secrets told apart.
struct MaskedConnector {
  std::string text;                    ///< the connector object, keys in their order and spelling, as in StoredRequest
  std::optional<std::string> secrets;  ///< likewise
  std::vector<std::string> secret_texts;  ///< the texts of all secrets, without empty ones
};

/// Takes the secrets out of a request, in the bare or the wrapped form. Throws Error (invalid_parameters) if they are
/// too long to be stored.
MaskedConnector mask_connector(std::string_view json, const Registry& registry);

/// Puts a stored request together again: compact JSON with every secret in its own place. Throws Error
/// (invalid_parameters) if the secrets don't belong to it.
std::string whole_connector(const StoredRequest& stored);

}  // namespace connector::core
