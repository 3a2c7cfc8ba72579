// Tables that Citus spreads over nodes: how, and what a refresh can't do with them.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <utility>

#include "core/base/error.hpp"
#include "pg/setting.hpp"

namespace connector::load {

/// How Citus spreads the rows of a table.
struct TableDistribution {
  enum class Kind {
    hash,          ///< by the values of `column`
    single_shard,  ///< together on one node, as those of the tables of a distributed schema
    reference,     ///< a copy on each node
    local,         ///< on the coordinator
    other          ///< by append or range, in ways that Citus calls deprecated
  };
  Kind kind = Kind::other;
  std::string column;  ///< in the database's encoding, empty but for Kind::hash
};

/// Nothing if the table is none of Citus'.
std::optional<TableDistribution> distribution_of(Oid table);

/// The schema, quoted, in which Citus has its functions; nothing if it is not installed in this database.
std::optional<std::string> citus_schema();

/// Whether all tables of the schema are distributed, each as one shard, beside each other.
bool is_distributed_schema(Oid schema);

/// The error (invalid_parameters) of a key without the distribution column, both UTF-8; `whose` begins the sentence:
/// `the primary key of the source`.
core::Error key_lacks_distribution(const std::string& whose, const std::string& column);

/// Has Citus distribute a new, empty table of the current role. `column` is empty for one shard; `beside` is an SQL
/// name or a word of Citus'.
void distribute_by_column(Oid table, const std::string& column, const std::string& beside,
                          std::optional<std::int64_t> shard_count);

/// Likewise, with a copy on each node.
void distribute_as_reference(Oid table);

/// Likewise, on the coordinator only.
void keep_on_coordinator(Oid table);

/// Runs `function` with the coordinator's own copies of rows reached as those of other nodes are: else Citus, which
/// writes them without a connection where it can, refuses commands for all nodes afterwards. For tables that are not
/// on the coordinator alone, and only where Citus is installed.
template <typename Function>
auto with_equal_nodes(Function&& function) {
  return pg::with_settings({{"citus.enable_local_execution", "off"}}, std::forward<Function>(function));
}

}  // namespace connector::load
