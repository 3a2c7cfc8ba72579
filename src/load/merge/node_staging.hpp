// Where the source's rows are put for the merge of a table that Citus distributes: beside its rows, on their nodes.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "load/merge/staging.hpp"
#include "load/read/plan.hpp"
#include "load/table/distribution.hpp"
#include "load/table/target.hpp"

namespace connector::load {

/// An UNLOGGED table that is distributed as the target is: each of its rows is on the node where the target has the
/// rows of the same distribution value. It is made without a command, in the target's schema, as the current role, and
/// gone when the transaction ends, whether it commits or not: drop() is called before.
class NodeStaging : public StagedColumns {
 public:
  /// For the plan's columns, and with `default_geometry` those that Staging has then. Throws core::Error (cannot_load)
  /// if the role may not create tables in the schema.
  NodeStaging(const RefreshTarget& target, const TableDistribution& distribution, const LoadPlan& plan,
              bool default_geometry);

  Oid oid() const noexcept { return oid_; }
  /// Its name with the schema.
  const std::string& sql() const noexcept { return sql_; }

  /// By a command: that is how Citus hears of it.
  void drop();

 private:
  NodeStaging(const RefreshTarget& target, const TableDistribution& distribution, const LoadPlan& plan,
              const std::vector<BareColumn>& columns);

  Oid oid_;
  std::string sql_;
};

}  // namespace connector::load
