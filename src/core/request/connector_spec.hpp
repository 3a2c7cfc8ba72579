// A request: the connector JSON, checked and typed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/words.hpp"
#include "core/remote/connection_options.hpp"
#include "core/remote/table_parts.hpp"
#include "core/request/column_choices.hpp"
#include "core/rows/row_batch.hpp"
#include "core/schedule/clock_time.hpp"

namespace connector::core {

enum class CollisionStrategy { rename, skip, overwrite, error };
inline constexpr auto collision_strategy_words = words<CollisionStrategy>({{CollisionStrategy::rename, "rename"},
                                                                           {CollisionStrategy::skip, "skip"},
                                                                           {CollisionStrategy::overwrite, "overwrite"},
                                                                           {CollisionStrategy::error, "error"}});

enum class ColumnNames { normalize, verbatim };
inline constexpr auto column_names_words =
    words<ColumnNames>({{ColumnNames::normalize, "normalize"}, {ColumnNames::verbatim, "verbatim"}});

enum class SyncMode { replace, merge, append };
inline constexpr auto sync_mode_words =
    words<SyncMode>({{SyncMode::replace, "replace"}, {SyncMode::merge, "merge"}, {SyncMode::append, "append"}});

/// What of the source a merge compares.
enum class Compare {
  rows,   ///< all of its rows, which are read
  ranges  ///< checksums of ranges of the key, computed there; rows are read where these differ
};
inline constexpr auto compare_words = words<Compare>({{Compare::rows, "rows"}, {Compare::ranges, "ranges"}});

enum class OnSchemaChange { follow, error };
inline constexpr auto on_schema_change_words =
    words<OnSchemaChange>({{OnSchemaChange::follow, "follow"}, {OnSchemaChange::error, "error"}});

inline constexpr auto invalid_values_words =
    words<InvalidValues>({{InvalidValues::error, "error"}, {InvalidValues::null, "null"}});

/// The `sync` key.
struct SyncOptions {
  SyncMode mode = SyncMode::replace;
  std::vector<std::string> key;
  std::optional<std::string> cursor;
  OnSchemaChange on_schema_change = OnSchemaChange::follow;
  bool skip_unchanged = false;
  Compare compare = Compare::rows;
  std::optional<schedule::ClockTime> at;  ///< its zone is not checked
  std::optional<std::string> on_success;  ///< SQL of this database, not checked
  std::optional<std::string> on_failure;  ///< likewise
};

/// The `distribute` key: how Citus is to spread a new table over its nodes.
struct Distribution {
  bool reference = false;  ///< a copy of it on each node; else by the values of `column`
  std::string column;
  std::optional<std::string> colocate_with;  ///< a table of this database, as SQL names it, or "none"
  std::optional<std::int64_t> shard_count;
};

/// In Distribution::colocate_with: a group of its own, in any case.
inline constexpr std::string_view no_colocation = "none";

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
  std::int64_t readers = 1;  ///< connections that read a whole table; from 1, the setting's limit is not looked at
  CollisionStrategy collision_strategy = CollisionStrategy::rename;
  std::optional<std::string> target_schema;
  ColumnNames column_names = ColumnNames::normalize;
  bool default_columns = false;
  TableParts keep;  ///< what of the remote table is brought along that is not always
  std::optional<Distribution> distribute;
  InvalidValues invalid_values = InvalidValues::error;
  ConnectionOptions
      provider_parameters;  ///< the keys that only this provider takes (ProviderInfo::parameters), as text
  std::optional<SyncOptions> sync;
  /// `interval` beside a wrapped connector object: seconds if it was a number, else its text.
  std::optional<std::string> interval;

  /// The name the local table is derived from: import_as, else table; empty for kinds without a table.
  std::string_view local_name_source() const noexcept {
    if (import_as) return *import_as;
    if (table) return *table;
    return {};
  }
};

}  // namespace connector::core
