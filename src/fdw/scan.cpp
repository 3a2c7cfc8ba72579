#include "fdw/scan.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/base/error.hpp"
#include "fdw/constants.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"

extern "C" {
#include "access/sysattr.h"
#include "executor/executor.h"
#include "optimizer/optimizer.h"
#include "utils/memutils.h"
#include "utils/plancache.h"
#include "utils/rel.h"
}

namespace connector::fdw {

using core::Support;

namespace {

Oid role_of(const ForeignScanState* node, [[maybe_unused]] const ForeignScan* plan) {
  [[maybe_unused]] const RangeTblEntry* entry =
      exec_rt_fetch(plan->scan.scanrelid, const_cast<EState*>(node->ss.ps.state));
  const Oid role = connector_scan_role(plan, entry);
  return OidIsValid(role) ? role : GetUserId();
}

MemoryContext new_context(const ForeignScanState* node) {
  return pg::guard(
      [=] { return AllocSetContextCreate(node->ss.ps.state->es_query_cxt, "connector scan", ALLOCSET_DEFAULT_SIZES); });
}

}  // namespace

Scan::Scan(ForeignScanState* node)
    : node_(node),
      memory_(new_context(node)),
      reading_(new_context(node)),
      checks_(new_context(node)),
      plan_(reinterpret_cast<const ForeignScan*>(node->ss.ps.plan)),
      role_(role_of(node, plan_)),
      planned_(planned_scan(plan_)) {}

void Scan::connect() {
  if (lease_) return;
  table_ = foreign_table(RelationGetRelid(node_->ss.ss_currentRelation));
  lease_ = lease(table_->server, role_);
  source_ = &lease_->source(table_->options.request);
  prepare();
}

/// Reads the plan's conditions by what is known of the table now.
void Scan::prepare() {
  comparable_ = comparable_columns(*table_, source_->description());
  ConditionReader reader(plan_->scan.scanrelid, comparable_);
  conditions_.clear();
  for (std::size_t i = 0; i < planned_.conditions.size(); ++i) {
    Expr* clause = planned_.conditions[i];
    std::optional<core::Expression> expression = reader.read(reinterpret_cast<const Node*>(clause));
    conditions_.push_back({clause, planned_.is_exact[i], std::move(expression), reader.is_partial()});
  }
  parameters_ = reader.parameters();
  parameter_states_.assign(parameters_.size(), nullptr);
  reader_.reset();
  pg::guard([this] {
    MemoryContextReset(memory_);
    const MemoryContext outer = MemoryContextSwitchTo(memory_);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      parameter_states_[i] = ExecInitExpr(parameters_[i].expression, &node_->ss.ps);
    }
    limit_ = ExecInitExpr(planned_.limit, &node_->ss.ps);
    offset_ = ExecInitExpr(planned_.offset, &node_->ss.ps);
    MemoryContextSwitchTo(outer);
  });
}

std::vector<std::vector<core::Expression>> Scan::parameter_values() {
  std::vector<std::vector<core::Expression>> values;
  ExprContext* context = node_->ss.ps.ps_ExprContext;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    bool is_null = false;
    const Datum value = pg::guard([&] { return ExecEvalExprSwitchContext(parameter_states_[i], context, &is_null); });
    std::vector<core::Expression>& constants = values.emplace_back();
    if (is_null) {
      constants.push_back(core::Expression::null());
    } else if (parameters_[i].is_list) {
      constants = constants_of(value, parameters_[i].type);
    } else {
      constants.push_back(constant_of(value, parameters_[i].type));
    }
  }
  return values;
}

/// How many rows the query's LIMIT and OFFSET together want; nothing if there is no limit.
std::optional<std::int64_t> Scan::row_limit() {
  if (limit_ == nullptr) return std::nullopt;
  ExprContext* context = node_->ss.ps.ps_ExprContext;
  const auto count = [&](ExprState* state) {
    bool is_null = true;
    Datum value = Datum{0};
    if (state != nullptr) value = pg::guard([&] { return ExecEvalExprSwitchContext(state, context, &is_null); });
    return is_null ? std::nullopt : std::optional<std::int64_t>(DatumGetInt64(value));
  };
  const std::optional<std::int64_t> rows = count(limit_);
  const std::int64_t offset = count(offset_).value_or(0);
  // Negative ones are an error of the Limit above.
  if (!rows || *rows < 0 || offset < 0 || *rows > std::numeric_limits<std::int64_t>::max() - offset) {
    return std::nullopt;
  }
  return *rows + offset;
}

/// The columns that the plan needs, and those of conditions that are looked at here.
void Scan::choose_columns(const List* looked_at_here) {
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
  if (reader_ && reader_->columns() == columns) return;
  reader_.reset();
  pg::guard([this] { MemoryContextReset(reading_); });
  reader_ = std::make_unique<RowReader>(*lease_, *source_, *table_, std::move(columns), reading_);
}

/// Has these clauses looked at for each row.
void Scan::look_at_here(const List* clauses) {
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

/// What the remote is asked for now, with the values that parameters have now.
core::Scan Scan::remote_scan() {
  core::Scan scan;
  const auto values = parameter_values();
  std::vector<core::Expression> sent;
  List* looked_at_here = NIL;
  for (const Condition& condition : conditions_) {
    Support support = Support::none;
    core::Expression expression;
    if (condition.expression) {
      expression = with_values(*condition.expression, values);
      support = sent_support(*table_, source_->support(expression), condition.is_partial);
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
  if (looked_at_here == NIL) scan.limit = row_limit();
  choose_columns(looked_at_here);
  scan.columns = reader_->columns();
  look_at_here(looked_at_here);
  return scan;
}

void Scan::plan_is_outdated() const {
  // Plans that were made before are made again.
  pg::guard([] { ResetPlanCache(); });
  throw core::Error(core::ErrorNumber::cannot_read, "the remote table has changed since the statement was planned", {},
                    "Try again.");
}

void Scan::open() {
  const auto begin = std::chrono::steady_clock::now();
  connect();
  try {
    cursor_ = source_->open(remote_scan());
  } catch (const core::Error&) {
    // What is known of the table may be wrong. The next statement looks, and plans that were made before are made
    // again.
    source_ = nullptr;
    lease_->forget(table_->options.request);
    pg::guard([] { ResetPlanCache(); });
    throw;
  }
  ++counts_.statements;
  reader_->begin();
  is_open_ = more_ = is_first_batch_ = true;
  row_ = 0;
  next_batch();
  is_first_batch_ = true;
  if (counts_.statements == 1) counts_.to_first_row = std::chrono::steady_clock::now() - begin;
}

/// False if there are no more rows.
bool Scan::next_batch() {
  row_ = 0;
  is_first_batch_ = false;
  more_ = reader_->fetch(*lease_, *cursor_);
  ++counts_.batches;
  counts_.rows += reader_->rows();
  counts_.bytes += reader_->bytes();
  if (!more_) {
    cursor_.reset();
    // Others may want the connection. Who has parameters is likely to begin again soon.
    if (bms_is_empty(node_->ss.ps.plan->allParam)) {
      source_ = nullptr;
      lease_.reset();
    }
  }
  return reader_->rows() > 0;
}

bool Scan::is_kept(TupleTableSlot* slot) {
  if (looked_at_here_ == nullptr) return true;
  ExprContext* context = node_->ss.ps.ps_ExprContext;
  const bool kept = pg::guard([&] {
    ResetExprContext(context);
    context->ecxt_scantuple = slot;
    return ExecQual(looked_at_here_, context);
  });
  if (!kept) ++counts_.dropped;
  return kept;
}

TupleTableSlot* Scan::next() {
  TupleTableSlot* slot = node_->ss.ss_ScanTupleSlot;
  if (!is_open_) open();
  do {
    pg::guard([slot] { ExecClearTuple(slot); });
    while (row_ >= reader_->rows()) {
      if (!more_) return slot;
      next_batch();
    }
    take_row(slot);
  } while (!is_kept(slot));
  return slot;
}

void Scan::take_row(TupleTableSlot* slot) noexcept {
  reader_->store(row_++, slot);
  ExecStoreVirtualTuple(slot);
}

void Scan::close_cursor() {
  if (!cursor_) return;
  if (!lease_->connection().survives_early_end()) reader_->read_rest(*lease_, *cursor_);
  cursor_.reset();
}

void Scan::rescan() {
  if (!is_open_) return;
  if (node_->ss.ps.chgParam == nullptr && is_first_batch_) {
    row_ = 0;
    return;
  }
  close_cursor();
  is_open_ = false;
}

void Scan::end() {
  close_cursor();
  is_open_ = false;
  source_ = nullptr;
  lease_.reset();
}

}  // namespace connector::fdw
