#include "load/write/row_rules.hpp"

#include <algorithm>

#include "pg/guard.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_coerce.h"
#include "rewrite/rewriteHandler.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace connector::load {

namespace {

/// What a column of a domain gets where there is no default: a NULL that the domain's constraints have looked at. Null
/// for other types. In a guard.
Node* null_of_domain(Form_pg_attribute attribute) {
  if (get_typtype(attribute->atttypid) != TYPTYPE_DOMAIN) return nullptr;
  int32 typmod = attribute->atttypmod;
  const Oid base = getBaseTypeAndTypmod(attribute->atttypid, &typmod);
  auto* null = reinterpret_cast<Node*>(makeNullConst(base, typmod, attribute->attcollation));
  return coerce_to_domain(null, base, typmod, attribute->atttypid, COERCION_IMPLICIT, COERCE_IMPLICIT_CAST, -1, false);
}

}  // namespace

RowRules::RowRules(Oid relation, const std::vector<AttrNumber>& loaded, const std::vector<AttrNumber>& leaving,
                   FormerValues* former)
    : former_(former) {
  std::vector<int> others;
  const auto is_in = [](const std::vector<AttrNumber>& numbers, int index) {
    return std::ranges::find(numbers, index + 1) != numbers.end();
  };
  pg::guard([&] {
    relation_ = table_open(relation, NoLock);
    state_ = CreateExecutorState();
    result_ = makeNode(ResultRelInfo);
    InitResultRelInfo(result_, relation_, 0, nullptr, 0);
  });
  const TupleDesc descriptor = RelationGetDescr(relation_);
  for (int i = 0; i < descriptor->natts; ++i) {
    const Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
    if (attribute->attisdropped || is_in(loaded, i) || is_in(leaving, i)) continue;
    const bool stored = attribute->attgenerated == ATTRIBUTE_GENERATED_STORED;
    if (stored) generated_indexes_.push_back(i);
    if (attribute->attgenerated == '\0') others.push_back(i);
    // A sequence gives no NULL.
    if (!attribute->attnotnull || attribute->attidentity != '\0') continue;
    if (stored || attribute->attgenerated == '\0') {
      required_.push_back(i);
    } else {
      computed_required_ = true;
    }
  }
  for (const int index : others) {
    ExprState* expression = pg::guard([&]() -> ExprState* {
      Node* node = build_column_default(relation_, index + 1);
      if (node == nullptr) node = null_of_domain(TupleDescAttr(RelationGetDescr(relation_), index));
      if (node == nullptr) return nullptr;
      return ExecPrepareExpr(reinterpret_cast<Expr*>(node), state_);
    });
    if (expression != nullptr) defaults_.push_back({index, expression});
  }
}

bool RowRules::any() const noexcept {
  return !defaults_.empty() || any_checks();
}

bool RowRules::any_checks() const noexcept {
  const TupleConstr* constraints = RelationGetDescr(relation_)->constr;
  return !generated_indexes_.empty() || !required_.empty() || computed_required_ ||
         (constraints != nullptr && constraints->num_check > 0);
}

void RowRules::apply(TupleTableSlot* slot) {
  ExprContext* context = GetPerTupleExprContext(state_);
  for (const Default& entry : defaults_) {
    if (former_ != nullptr && entry.index + 1 == former_->column() && former_->find(slot)) continue;
    // In the caller's memory, which lasts until the row is written.
    slot->tts_values[entry.index] = ExecEvalExpr(entry.expression, context, &slot->tts_isnull[entry.index]);
  }
  // Looked at for each row, as the executor does: the code that is run for a row can drop a constraint.
  const TupleDesc descriptor = RelationGetDescr(relation_);
  if (descriptor->constr != nullptr && descriptor->constr->has_generated_stored) {
    // Left from the row that the slot held before.
    for (const int index : generated_indexes_) slot->tts_isnull[index] = true;
    ExecComputeStoredGenerated(result_, state_, slot, CMD_INSERT);
  }
  const TupleConstr* constraints = RelationGetDescr(relation_)->constr;
  const auto is_null = [&](int index) { return slot->tts_isnull[index]; };
  // NOT NULL of the columns that are loaded is looked at when all rows are in.
  if (constraints != nullptr &&
      (constraints->num_check > 0 || computed_required_ || std::ranges::any_of(required_, is_null))) {
    ExecConstraints(result_, slot, state_);
  }
  ResetPerTupleExprContext(state_);
}

void RowRules::finish() {
  pg::guard([this] {
    FreeExecutorState(state_);
    table_close(relation_, NoLock);
  });
}

}  // namespace connector::load
