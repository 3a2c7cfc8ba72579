// The reading of what a remote joins or groups.
#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "fdw/scan/reading.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace connector::fdw {

using core::Support;

namespace {

class CombinedReading final : public Reading {
 public:
  CombinedReading(ForeignScanState* node, const ForeignScan* plan)
      : memory_(new_scan_context(node)), planned_(combined_scan(plan)), parameters_(node, new_scan_context(node)) {}

  Oid server() override;
  void prepare(Lease& lease) override;
  core::Source& source() override { return *source_; }
  std::optional<core::Scan> remote_scan(Lease& lease) override;
  RowReader& reader() override { return *reader_; }
  void forget(Lease& lease) noexcept override;

 private:
  void check_columns() const;
  std::vector<core::RemoteColumn> aggregates() const;
  bool can_be_asked(const core::Scan& scan);
  std::vector<ReadColumn> read_columns() const;

  MemoryContext memory_;
  CombinedScan planned_;
  std::vector<std::shared_ptr<const ForeignTable>> tables_;
  core::Source* source_ = nullptr;
  std::vector<bool> is_comparable_;  ///< by index of the source's columns
  ScanParameters parameters_;
  std::unique_ptr<RowReader> reader_;
};

Oid CombinedReading::server() {
  tables_.clear();
  for (const Oid table : planned_.tables) tables_.push_back(foreign_table(table));
  return tables_.at(0)->server;
}

void CombinedReading::prepare(Lease& lease) {
  std::vector<core::SourceRequest> requests;
  for (const auto& table : tables_) requests.push_back(table->options.request);
  source_ = requests.size() == 1 ? &lease.source(requests[0]) : lease.joined_source(requests);
  if (source_ == nullptr) plan_is_outdated();
  is_comparable_.clear();
  std::size_t first = 0;
  for (const auto& table : tables_) {
    core::SourceDescription own;
    const auto begin = source_->description().columns.begin() + static_cast<std::ptrdiff_t>(first);
    own.columns.assign(begin, begin + static_cast<std::ptrdiff_t>(table->attributes.size()));
    first += own.columns.size();
    const ComparableColumns comparable = comparable_columns(*table, own);
    for (const AttrNumber attribute : table->attributes) {
      is_comparable_.push_back(comparable[static_cast<std::size_t>(attribute) - 1].has_value());
    }
  }
  check_columns();
  reader_.reset();
  pg::guard([this] { MemoryContextReset(memory_); });
  parameters_.prepare(planned_.parameters, planned_.limit, planned_.offset, memory_);
  reader_ = std::make_unique<RowReader>(lease, read_columns(), planned_.averages, tables_[0]->options.invalid_values,
                                        memory_);
}

/// Whether what is grouped and ordered is so there as it was when the statement was planned.
void CombinedReading::check_columns() const {
  const core::Scan& scan = planned_.scan;
  const auto is_as_planned = [this](std::size_t column) { return is_comparable_.at(column); };
  if (scan.is_grouped) {
    for (const std::size_t column : scan.columns) {
      if (!is_as_planned(column) || !source_->groups_by(column)) plan_is_outdated();
    }
  }
  for (const core::OrderBy& order : scan.order_by) {
    const bool is_ordered = is_as_planned(order.column) && keeps_order(source_->description().columns[order.column]) &&
                            source_->orders_by(order.column);
    if (!is_ordered) plan_is_outdated();
  }
}

/// As what they arrive, if that is what the statement was planned for.
std::vector<core::RemoteColumn> CombinedReading::aggregates() const {
  const core::Scan& scan = planned_.scan;
  std::vector<core::RemoteColumn> arriving;
  for (std::size_t i = 0; i < scan.aggregates.size(); ++i) {
    const core::Aggregate& aggregate = scan.aggregates[i];
    const bool has_column = aggregate.function != core::AggregateFunction::count_rows;
    if (has_column && !is_comparable_.at(aggregate.column)) plan_is_outdated();
    std::optional<core::RemoteColumn> told = source_->aggregate(aggregate);
    const CombinedColumn& column = planned_.columns.at(scan.columns.size() + i);
    if (!told || !can_read_aggregate(*told, aggregate.function, load::local_type_of(column.type, column.typmod))) {
      plan_is_outdated();
    }
    arriving.push_back(std::move(*told));
  }
  return arriving;
}

std::vector<ReadColumn> CombinedReading::read_columns() const {
  std::vector<core::RemoteColumn> arriving;
  for (const std::size_t column : planned_.scan.columns) {
    arriving.push_back(source_->description().columns.at(column));
  }
  std::ranges::move(aggregates(), std::back_inserter(arriving));
  std::vector<ReadColumn> columns;
  for (std::size_t i = 0; i < arriving.size(); ++i) {
    const CombinedColumn& column = planned_.columns.at(i);
    columns.push_back({std::move(arriving[i]), load::local_type_of(column.type, column.typmod), column.attributes});
  }
  return columns;
}

/// Whether all conditions are still exact, with the values that they have now.
bool CombinedReading::can_be_asked(const core::Scan& scan) {
  const auto is_comparable = [this](const core::Expression& condition) {
    return std::ranges::all_of(core::columns_of(condition),
                               [this](std::size_t column) { return is_comparable_.at(column); });
  };
  for (const core::Join& join : scan.joins) {
    if (!is_comparable(join.on) || !source_->joins(join)) return false;
  }
  if (scan.where && (!is_comparable(*scan.where) || source_->support(*scan.where) != Support::exact)) return false;
  return source_->takes(scan);
}

std::optional<core::Scan> CombinedReading::remote_scan(Lease& /*lease*/) {
  core::Scan scan = planned_.scan;
  const auto values = parameters_.values();
  for (core::Join& join : scan.joins) join.on = with_values(join.on, values);
  if (scan.where) scan.where = with_values(*scan.where, values);
  if (!can_be_asked(scan)) {
    if (planned_.parameters.empty()) plan_is_outdated();
    return std::nullopt;
  }
  scan.limit = parameters_.row_limit();
  return scan;
}

void CombinedReading::forget(Lease& lease) noexcept {
  for (const auto& table : tables_) lease.forget(table->options.request);
}

}  // namespace

std::unique_ptr<Reading> new_combined_reading(ForeignScanState* node, const ForeignScan* plan) {
  return std::make_unique<CombinedReading>(node, plan);
}

}  // namespace connector::fdw
