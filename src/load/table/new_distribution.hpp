// The `distribute` key of a request: how Citus is to spread a table that an import makes.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>

#include "core/request/connector_spec.hpp"
#include "load/read/plan.hpp"
#include "load/table/target_table.hpp"

namespace connector::load {

/// Throws core::Error (invalid_parameters) if the request asks for a distributed table and Citus is not installed in
/// this database.
void check_citus(const core::ConnectorSpec& spec);

/// What `distribute` comes to.
struct NewDistribution {
  std::optional<std::size_t> column;  ///< index in the plan's columns; nothing for a reference table
  std::string beside;                 ///< Citus' colocate_with
  std::optional<std::int64_t> shard_count;
};

/// Nothing if the request does not ask for it. Throws core::Error (invalid_parameters) for what Citus would refuse: a
/// column that is not there or whose values have no hash, keys without it, a table in "colocate_with" that is not
/// distributed by such a column, a schema whose tables are distributed as they are.
std::optional<NewDistribution> plan_distribution(const core::ConnectorSpec& spec, const TargetSchema& schema,
                                                 const LoadPlan& plan);

/// Has Citus distribute the new, empty table.
void distribute(Oid table, const NewDistribution& distribution, const LoadPlan& plan);

/// Says with a NOTICE that a table which is there already stays as it is.
void report_kept_distribution(const core::ConnectorSpec& spec, Oid table);

}  // namespace connector::load
