#include "load/row_rules.hpp"

#include <algorithm>

#include "pg/guard.hpp"

extern "C" {
#include "access/table.h"
#include "catalog/pg_attribute.h"
#include "executor/executor.h"
#include "executor/nodeModifyTable.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/rel.h"
}

namespace connector::load {

RowRules::RowRules(Oid relation, const std::vector<AttrNumber>& loaded) {
  std::vector<int> others;
  const auto is_loaded = [&](int index) { return std::ranges::find(loaded, index + 1) != loaded.end(); };
  pg::guard([&] {
    relation_ = table_open(relation, NoLock);
    state_ = CreateExecutorState();
    result_ = makeNode(ResultRelInfo);
    InitResultRelInfo(result_, relation_, 0, nullptr, 0);
  });
  const TupleDesc descriptor = RelationGetDescr(relation_);
  for (int i = 0; i < descriptor->natts; ++i) {
    const Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
    if (attribute->attisdropped || is_loaded(i)) continue;
    if (attribute->attgenerated == ATTRIBUTE_GENERATED_STORED) {
      generated_indexes_.push_back(i);
    } else if (attribute->attgenerated == '\0') {
      others.push_back(i);
      required_ = required_ || attribute->attnotnull;
    }
  }
  for (const int index : others) {
    ExprState* expression = pg::guard([&]() -> ExprState* {
      Node* node = build_column_default(relation_, index + 1);
      if (node == nullptr) return nullptr;
      return ExecPrepareExpr(reinterpret_cast<Expr*>(node), state_);
    });
    if (expression != nullptr) defaults_.push_back({index, expression});
  }
}

bool RowRules::any() const noexcept {
  const TupleConstr* constraints = RelationGetDescr(relation_)->constr;
  return !defaults_.empty() || !generated_indexes_.empty() || required_ ||
         (constraints != nullptr && constraints->num_check > 0);
}

void RowRules::apply(TupleTableSlot* slot) {
  ExprContext* context = GetPerTupleExprContext(state_);
  for (const Default& entry : defaults_) {
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
  if (constraints != nullptr && (required_ || constraints->num_check > 0)) ExecConstraints(result_, slot, state_);
  ResetPerTupleExprContext(state_);
}

void RowRules::finish() {
  pg::guard([this] {
    FreeExecutorState(state_);
    table_close(relation_, NoLock);
  });
}

}  // namespace connector::load
