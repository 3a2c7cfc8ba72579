#include "load/refresh/row_stream.hpp"

#include <utility>

#include "load/table/immediate_constraints.hpp"

namespace connector::load {

RowStream::RowStream(core::Source& source, const LoadPlan& plan, const Run& run, const WantedRows& rows,
                     LoadResult& result, IncomingRows::Look look)
    : reader_(source, plan, run), rows_(opened(reader_, rows), plan, result, std::move(look)) {}

BatchReader& RowStream::opened(BatchReader& reader, const WantedRows& rows) {
  reader.open_rows(rows);
  return reader;
}

Applied RowStream::into(const RefreshTarget& target, const std::function<Applied(IncomingRows&)>& insert) {
  check_unchanged(target);
  ImmediateConstraints constraints(target);
  const Applied applied = insert(rows_);
  constraints.put_back();
  return applied;
}

bool can_stream(const RefreshTarget& target) {
  // A rule makes further statements of the INSERT, which would read the rows again.
  return !has_rules(target);
}

}  // namespace connector::load
