// The reading of one foreign table.
#include <algorithm>
#include <utility>

#include "core/base/error.hpp"
#include "fdw/scan/reading.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "access/sysattr.h"
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "utils/memutils.h"
#include "utils/rel.h"
}

namespace connector::fdw {

using core::Support;

namespace {

class TableReading final : public Reading {
 public:
  TableReading(ForeignScanState* node, const ForeignScan* plan)
      : node_(node),
        plan_(plan),
        memory_(new_scan_context(node)),
        reading_(new_scan_context(node)),
        checks_(new_scan_context(node)),
        planned_(planned_scan(plan)),
        parameters_(node, new_scan_context(node)) {}

  Oid server() override {
    table_ = foreign_table(RelationGetRelid(node_->ss.ss_currentRelation));
    return table_->server;
  }
  void prepare(Lease& lease) override;
  core::Source& source() override { return *source_; }
  std::optional<core::Scan> remote_scan(Lease& lease) override;
  RowReader& reader() override { return *reader_; }
  bool can_send_key(std::size_t key) override;
  bool has_keys() const noexcept override { return planned_.keys > 0; }
  ExprState* looked_at_here() const noexcept override { return looked_at_here_; }
  void forget(Lease& lease) noexcept override { lease.forget(table_->options.request); }

 private:
  /// A condition that the remote gets.
  struct SentCondition {
    Expr* clause = nullptr;
    bool is_exact = false;                       ///< nobody else looks at it
    std::optional<core::Expression> expression;  ///< nothing: the remote can't be asked any more
    bool is_partial = false;
  };

  Support support_of(const SentCondition& condition, const core::Expression& expression) const {
    return sent_support(*table_, source_->support(expression), condition.is_partial);
  }
  void choose_columns(Lease& lease, const List* looked_at_here);
  void look_at_here(const List* clauses);

  ForeignScanState* node_;
  const ForeignScan* plan_;
  MemoryContext memory_;   ///< of what is prepared for a connection
  MemoryContext reading_;  ///< of the reader
  MemoryContext checks_;   ///< of what is looked at here
  PlannedScan planned_;
  std::shared_ptr<const ForeignTable> table_;
  core::Source* source_ = nullptr;
  ComparableColumns comparable_;
  ScanColumns scan_columns_;
  std::vector<SentCondition> conditions_;
  ScanParameters parameters_;
  std::vector<std::size_t> columns_;  ///< that the reader reads
  std::unique_ptr<RowReader> reader_;
  ExprState* looked_at_here_ = nullptr;  ///< exact conditions that the remote can't be asked with these values
};

void TableReading::prepare(Lease& lease) {
  source_ = &lease.source(table_->options.request);
  comparable_ = comparable_columns(*table_, source_->description());
  scan_columns_ = ScanColumns();
  scan_columns_.add(plan_->scan.scanrelid, comparable_);
  ConditionReader reader(scan_columns_);
  conditions_.clear();
  for (std::size_t i = 0; i < planned_.conditions.size(); ++i) {
    Expr* clause = planned_.conditions[i];
    std::optional<core::Expression> expression = reader.read(reinterpret_cast<const Node*>(clause));
    conditions_.push_back({clause, planned_.is_exact[i], std::move(expression), reader.is_partial()});
  }
  reader_.reset();
  pg::guard([this] { MemoryContextReset(memory_); });
  parameters_.prepare(reader.parameters(), planned_.limit, planned_.offset, memory_);
}

/// The columns that the plan needs, and those of conditions that are looked at here.
void TableReading::choose_columns(Lease& lease, const List* looked_at_here) {
  std::vector<AttrNumber> needed = planned_.attributes;
  pg::guard([&] {
    Bitmapset* attributes = nullptr;
    pull_varattnos(reinterpret_cast<Node*>(const_cast<List*>(looked_at_here)), plan_->scan.scanrelid, &attributes);
    for (const AttrNumber attribute : table_->attributes) {
      if (bms_is_member(attribute - FirstLowInvalidHeapAttributeNumber, attributes)) needed.push_back(attribute);
    }
  });
  std::vector<std::size_t> columns;
  for (std::size_t i = 0; i < table_->attributes.size(); ++i) {
    if (std::ranges::find(needed, table_->attributes[i]) != needed.end()) columns.push_back(i);
  }
  if (reader_ && columns_ == columns) return;
  reader_.reset();
  pg::guard([this] { MemoryContextReset(reading_); });
  columns_ = std::move(columns);
  reader_ = std::make_unique<RowReader>(lease, read_columns(*source_, *table_, columns_), std::vector<Average>{},
                                        table_->options.invalid_values, reading_);
}

/// Has these clauses looked at for each row.
void TableReading::look_at_here(const List* clauses) {
  looked_at_here_ = nullptr;
  pg::guard([this] { MemoryContextReset(checks_); });
  if (clauses == NIL) return;
  looked_at_here_ = pg::guard([&] {
    const MemoryContext outer = MemoryContextSwitchTo(checks_);
    ExprState* state = ExecInitQual(list_copy(clauses), &node_->ss.ps);
    MemoryContextSwitchTo(outer);
    return state;
  });
}

bool TableReading::can_send_key(std::size_t key) {
  const SentCondition& condition = conditions_.at(conditions_.size() - planned_.keys + key);
  if (!condition.expression) return false;
  const auto values = parameters_.values(*condition.expression);
  return support_of(condition, with_values(*condition.expression, values)) != Support::none;
}

std::optional<core::Scan> TableReading::remote_scan(Lease& lease) {
  core::Scan scan;
  const auto values = parameters_.values();
  std::vector<core::Expression> sent;
  List* looked_at_here = NIL;
  for (const SentCondition& condition : conditions_) {
    Support support = Support::none;
    core::Expression expression;
    if (condition.expression) {
      expression = with_values(*condition.expression, values);
      support = support_of(condition, expression);
    }
    if (support != Support::none) sent.push_back(std::move(expression));
    if (condition.is_exact && support != Support::exact) {
      pg::guard([&] { looked_at_here = lappend(looked_at_here, condition.clause); });
    }
  }
  if (!sent.empty()) scan.where = core::Expression::all_of(std::move(sent));
  for (const PlannedOrder& order : planned_.order) {
    const std::optional<std::size_t> index = comparable_.at(static_cast<std::size_t>(order.attribute) - 1);
    const bool is_ordered = index && keeps_order(source_->description().columns[*index]) && source_->orders_by(*index);
    if (!is_ordered) plan_is_outdated();
    scan.order_by.push_back({*index, order.descending, order.nulls_first ? core::Nulls::first : core::Nulls::last});
  }
  if (looked_at_here == NIL) scan.limit = parameters_.row_limit();
  choose_columns(lease, looked_at_here);
  scan.columns = columns_;
  look_at_here(looked_at_here);
  return scan;
}

}  // namespace

std::unique_ptr<Reading> new_table_reading(ForeignScanState* node, const ForeignScan* plan) {
  return std::make_unique<TableReading>(node, plan);
}

MemoryContext new_scan_context(const ForeignScanState* node) {
  return pg::guard(
      [=] { return AllocSetContextCreate(node->ss.ps.state->es_query_cxt, "connector scan", ALLOCSET_DEFAULT_SIZES); });
}

}  // namespace connector::fdw
