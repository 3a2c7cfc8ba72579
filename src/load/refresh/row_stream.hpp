// Rows of a source that get into a table while they are read, by one statement.
#pragma once

#include "pg/postgres.hpp"

#include <functional>
#include <vector>

#include "core/remote/source.hpp"
#include "load/merge/applied.hpp"
#include "load/read/batch_reader.hpp"
#include "load/read/plan.hpp"
#include "load/read/run.hpp"
#include "load/stream/incoming_rows.hpp"
#include "load/table/target.hpp"

namespace connector::load {

class RowStream {
 public:
  /// Asks the remote and waits for its first rows. `look` as IncomingRows has it; all arguments outlive this.
  RowStream(core::Source& source, const LoadPlan& plan, const Run& run, const WantedRows& rows, LoadResult& result,
            IncomingRows::Look look);

  /// Calls `insert`, which inserts the rows into the target, with deferrable constraints made immediate. Code of the
  /// owner's has seen the first rows already: throws like check_unchanged().
  Applied into(const RefreshTarget& target, const std::function<Applied(IncomingRows&)>& insert);

  /// What a statement on another table than the target selects from.
  IncomingRows& rows() noexcept { return rows_; }

  /// Per column of the plan: true if a NULL came.
  const std::vector<bool>& has_nulls() const noexcept { return rows_.has_nulls(); }

 private:
  static BatchReader& opened(BatchReader& reader, const WantedRows& rows);

  BatchReader reader_;
  IncomingRows rows_;
};

/// Whether rows can be inserted into the table while they arrive; else they go by way of a staging table.
bool can_stream(const RefreshTarget& target);

}  // namespace connector::load
