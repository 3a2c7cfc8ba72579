#include "fdw/plan/conditions.hpp"

#include <algorithm>
#include <utility>

#include "fdw/plan/constants.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/stratnum.h"
#include "access/transam.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_type.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/lsyscache.h"
#include "utils/pg_locale.h"
#include "utils/typcache.h"
}

namespace connector::fdw {

using core::Expression;
using core::Operator;

namespace {

bool is_integer(Oid type) noexcept {
  return type == INT2OID || type == INT4OID || type == INT8OID;
}

bool is_float(Oid type) noexcept {
  return type == FLOAT4OID || type == FLOAT8OID;
}

/// The type whose operators a type has.
Oid compared_type(Oid type) noexcept {
  if (type == VARCHAROID) return TEXTOID;
  return type == CIDROID ? INETOID : type;
}

/// Whether a comparison of these types compares the values as they are.
bool compares_alike(Oid left, Oid right) noexcept {
  return left == right || (is_integer(left) && is_integer(right)) || (is_float(left) && is_float(right));
}

Operator commuted(Operator operation) noexcept {
  switch (operation) {
    case Operator::less:
      return Operator::greater;
    case Operator::less_or_equal:
      return Operator::greater_or_equal;
    case Operator::greater:
      return Operator::less;
    case Operator::greater_or_equal:
      return Operator::less_or_equal;
    default:
      return operation;
  }
}

std::optional<Operator> of_strategy(int strategy) noexcept {
  switch (strategy) {
    case BTLessStrategyNumber:
      return Operator::less;
    case BTLessEqualStrategyNumber:
      return Operator::less_or_equal;
    case BTEqualStrategyNumber:
      return Operator::equal;
    case BTGreaterEqualStrategyNumber:
      return Operator::greater_or_equal;
    case BTGreaterStrategyNumber:
      return Operator::greater;
    default:
      return std::nullopt;
  }
}

Oid usual_family(Oid type) {
  return lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY)->btree_opf;
}

/// What an operator of PostgreSQL's own does with values of the column's type and those of `other`. In a guard.
std::optional<Operator> meaning_of(Oid operation, Oid column, Oid other) {
  // A superuser may have given the families of built-in types operators of his own.
  if (operation >= FirstGenbkiObjectId || column >= FirstGenbkiObjectId) return std::nullopt;
  if (operation == OID_TEXT_LIKE_OP) return Operator::like;
  const Oid negator = get_negator(operation);
  if (negator == OID_TEXT_LIKE_OP) return Operator::not_like;
  if (!compares_alike(column, other)) return std::nullopt;
  const Oid family = usual_family(column);
  if (!OidIsValid(family)) return std::nullopt;
  int strategy = get_op_opfamily_strategy(operation, family);
  if (strategy != 0) return of_strategy(strategy);
  if (!OidIsValid(negator)) return std::nullopt;
  strategy = get_op_opfamily_strategy(negator, family);
  return strategy == BTEqualStrategyNumber ? std::optional(Operator::not_equal) : std::nullopt;
}

/// Whether texts that are compared by this collation are as core means it. In a guard.
bool is_usual_collation(Oid type, Oid collation, Operator operation) {
  if (!pg::is_text_type(type)) return true;
  // Core compares the bytes of UTF-8.
  if (!pg::database_is_utf8() || !OidIsValid(collation)) return false;
  switch (operation) {
    case Operator::less:
    case Operator::less_or_equal:
    case Operator::greater:
    case Operator::greater_or_equal:
      return connector_collation_is_c(collation);
    default:
      return get_collation_isdeterministic(collation);
  }
}

/// An operator on a column and something else, as it is meant.
struct Comparison {
  Operator operation;
  std::size_t column;
  const Node* constant;  ///< if there is no other column
  Oid constant_type;
  std::optional<std::size_t> other = {};
};

}  // namespace

void ScanColumns::add(Index relation, const ComparableColumns& columns, std::size_t first) {
  relations_.push_back(relation);
  tables_.push_back({columns, first});
}

const ScanColumns::Table* ScanColumns::find(int relation) const noexcept {
  for (std::size_t i = 0; i < relations_.size(); ++i) {
    if (static_cast<int>(relations_[i]) == relation) return &tables_[i];
  }
  return nullptr;
}

std::optional<std::size_t> ScanColumns::index(int relation, AttrNumber attribute) const {
  const Table* table = find(relation);
  if (table == nullptr || attribute < 1 || static_cast<std::size_t>(attribute) > table->columns.size()) {
    return std::nullopt;
  }
  const std::optional<std::size_t>& own = table->columns[static_cast<std::size_t>(attribute) - 1];
  return own ? std::optional(table->first + *own) : std::nullopt;
}

int usual_strategy(Oid operation, Oid type) {
  // A superuser may have given the families of built-in types operators of his own.
  if (operation >= FirstGenbkiObjectId || type >= FirstGenbkiObjectId) return 0;
  const Oid family = usual_family(type);
  return OidIsValid(family) ? get_op_opfamily_strategy(operation, family) : 0;
}

std::optional<std::size_t> scan_column(const ScanColumns& columns, const Node* node, Oid* type) {
  Oid relabeled = InvalidOid;
  if (IsA(node, RelabelType)) {
    const auto* relabel = reinterpret_cast<const RelabelType*>(node);
    node = reinterpret_cast<const Node*>(relabel->arg);
    relabeled = relabel->resulttype;
  }
  if (!IsA(node, Var)) return std::nullopt;
  const auto* column = reinterpret_cast<const Var*>(node);
  if (OidIsValid(relabeled) && relabeled != compared_type(column->vartype)) return std::nullopt;
  if (column->varlevelsup != 0) return std::nullopt;
  *type = compared_type(column->vartype);
  return columns.index(column->varno, column->varattno);
}

std::optional<std::size_t> ConditionReader::column_of(const Node* node, Oid* type) const {
  return scan_column(columns_, node, type);
}

/// Whether it has one value for the whole scan. In a guard.
bool ConditionReader::is_constant(const Node* node) const {
  auto* expression = const_cast<Node*>(node);
  if (contain_volatile_functions(expression) || contain_subplans(expression)) return false;
  const Relids needed = pull_varnos(root_, expression);
  return std::ranges::none_of(columns_.relations(),
                              [&](Index relation) { return bms_is_member(static_cast<int>(relation), needed); });
}

std::optional<Expression> ConditionReader::constant(const Node* node, Oid type) {
  if (IsA(node, Const)) {
    const auto* known = reinterpret_cast<const Const*>(node);
    return known->constisnull ? Expression::null() : constant_of(known->constvalue, type);
  }
  parameters_.push_back({reinterpret_cast<Expr*>(const_cast<Node*>(node)), type, false});
  return Expression::of_parameter(parameters_.size());
}

std::optional<Expression> ConditionReader::read_operator(const OpExpr* operation, bool is_distinct, bool is_negated) {
  if (list_length(operation->args) != 2) return std::nullopt;
  const std::optional<Comparison> found = [&]() -> std::optional<Comparison> {
    std::optional<Comparison> comparison;
    pg::guard([&] {
      const auto* first = static_cast<const Node*>(linitial(operation->args));
      const auto* second = static_cast<const Node*>(lsecond(operation->args));
      Oid type = InvalidOid;
      std::optional<std::size_t> column = column_of(first, &type);
      const bool is_first = column.has_value();
      if (!column) column = column_of(second, &type);
      if (!column) return;
      const Node* other = is_first ? second : first;
      Oid other_type = exprType(other);
      std::optional<std::size_t> other_column;
      if (is_first) other_column = column_of(second, &other_type);
      if (!other_column && !is_constant(other)) return;
      std::optional<Operator> meaning = meaning_of(operation->opno, type, compared_type(other_type));
      if (!meaning || !is_usual_collation(type, operation->inputcollid, *meaning)) return;
      const bool is_pattern = *meaning == Operator::like || *meaning == Operator::not_like;
      if (is_pattern && (!is_first || type != TEXTOID)) return;
      if (!is_first) meaning = commuted(*meaning);
      comparison = Comparison{*meaning, *column, other, other_type, other_column};
    });
    return comparison;
  }();
  if (!found) return std::nullopt;
  Operator meaning = found->operation;
  if (is_distinct) {
    if (meaning != Operator::equal) return std::nullopt;
    meaning = is_negated ? Operator::not_distinct : Operator::distinct;
  }
  const bool is_pattern = meaning == Operator::like || meaning == Operator::not_like;
  if (found->other) {
    if (is_pattern) return std::nullopt;
    return Expression{.operation = meaning,
                      .operands = {Expression::of_column(found->column), Expression::of_column(*found->other)}};
  }
  std::optional<Expression> value = constant(found->constant, found->constant_type);
  if (!value) return std::nullopt;
  return Expression{.operation = meaning, .operands = {Expression::of_column(found->column), std::move(*value)}};
}

std::optional<Expression> ConditionReader::read_list(const ScalarArrayOpExpr* operation) {
  std::optional<std::size_t> column;
  std::optional<Operator> meaning;
  const Node* list = nullptr;
  Oid element = InvalidOid;
  pg::guard([&] {
    Oid type = InvalidOid;
    column = column_of(static_cast<const Node*>(linitial(operation->args)), &type);
    if (!column) return;
    list = static_cast<const Node*>(lsecond(operation->args));
    element = get_element_type(exprType(list));
    if (!OidIsValid(element) || !is_constant(list)) return;
    meaning = meaning_of(operation->opno, type, compared_type(element));
    if (meaning && !is_usual_collation(type, operation->inputcollid, *meaning)) meaning.reset();
  });
  if (!column || !meaning) return std::nullopt;
  const bool is_in = operation->useOr && *meaning == Operator::equal;
  const bool is_not_in = !operation->useOr && *meaning == Operator::not_equal;
  if (!is_in && !is_not_in) return std::nullopt;
  Expression condition{.operation = is_in ? Operator::in : Operator::not_in,
                       .operands = {Expression::of_column(*column)}};
  if (IsA(list, Const)) {
    const auto* known = reinterpret_cast<const Const*>(list);
    // NULL instead of a list: never true.
    std::vector<Expression> values =
        known->constisnull ? std::vector{Expression::null()} : constants_of(known->constvalue, element);
    if (known->constisnull) condition.operation = Operator::in;
    for (Expression& value : values) condition.operands.push_back(std::move(value));
    return condition;
  }
  parameters_.push_back({reinterpret_cast<Expr*>(const_cast<Node*>(list)), element, true});
  condition.operands.push_back(Expression::of_parameter(parameters_.size()));
  return condition;
}

std::optional<Expression> ConditionReader::truth(const Node* column, Operator operation, bool value) const {
  Oid type = InvalidOid;
  std::optional<std::size_t> found;
  pg::guard([&] { found = column_of(column, &type); });
  if (!found || type != BOOLOID) return std::nullopt;
  return Expression::comparison(*found, operation, value ? "true" : "false");
}

std::optional<Expression> ConditionReader::read_truth(const BooleanTest* test) {
  const Node* column = reinterpret_cast<const Node*>(test->arg);
  switch (test->booltesttype) {
    case IS_TRUE:
      return truth(column, Operator::equal, true);
    case IS_FALSE:
      return truth(column, Operator::equal, false);
    case IS_NOT_TRUE:
      return truth(column, Operator::distinct, true);
    case IS_NOT_FALSE:
      return truth(column, Operator::distinct, false);
    case IS_UNKNOWN:
    case IS_NOT_UNKNOWN: {
      std::optional<Expression> tested = truth(column, Operator::equal, true);
      if (!tested) return std::nullopt;
      tested->operation = test->booltesttype == IS_UNKNOWN ? Operator::is_null : Operator::is_not_null;
      tested->operands.pop_back();
      return tested;
    }
  }
  return std::nullopt;
}

/// The planner has brought NOT down to what has no opposite of its own.
std::optional<Expression> ConditionReader::read_negated(const Node* condition) {
  if (IsA(condition, Var)) return truth(condition, Operator::equal, false);
  if (!IsA(condition, DistinctExpr)) return std::nullopt;
  return read_operator(reinterpret_cast<const OpExpr*>(condition), true, true);
}

std::optional<Expression> ConditionReader::read_logical(const BoolExpr* operation) {
  if (operation->boolop == NOT_EXPR) return read_negated(static_cast<const Node*>(linitial(operation->args)));
  Expression all{.operation = operation->boolop == AND_EXPR ? Operator::logical_and : Operator::logical_or};
  for (int i = 0; i < list_length(operation->args); ++i) {
    std::optional<Expression> part = read_any(static_cast<const Node*>(list_nth(operation->args, i)));
    if (part) {
      all.operands.push_back(std::move(*part));
    } else if (operation->boolop == AND_EXPR) {
      is_partial_ = true;
    } else {
      return std::nullopt;
    }
  }
  return all.operands.empty() ? std::nullopt : std::optional(std::move(all));
}

std::optional<Expression> ConditionReader::read(const Node* condition) {
  is_partial_ = false;
  return read_any(condition);
}

std::optional<Expression> ConditionReader::read_any(const Node* condition) {
  const std::size_t parameters = parameters_.size();
  std::optional<Expression> found;
  switch (nodeTag(condition)) {
    case T_RestrictInfo:
      return read_any(reinterpret_cast<const Node*>(reinterpret_cast<const RestrictInfo*>(condition)->clause));
    case T_OpExpr:
      found = read_operator(reinterpret_cast<const OpExpr*>(condition), false, false);
      break;
    case T_DistinctExpr:
      found = read_operator(reinterpret_cast<const OpExpr*>(condition), true, false);
      break;
    case T_ScalarArrayOpExpr:
      found = read_list(reinterpret_cast<const ScalarArrayOpExpr*>(condition));
      break;
    case T_BoolExpr:
      found = read_logical(reinterpret_cast<const BoolExpr*>(condition));
      break;
    case T_BooleanTest:
      found = read_truth(reinterpret_cast<const BooleanTest*>(condition));
      break;
    case T_Var:
      found = truth(condition, Operator::equal, true);
      break;
    case T_NullTest: {
      const auto* test = reinterpret_cast<const NullTest*>(condition);
      Oid type = InvalidOid;
      std::optional<std::size_t> column;
      pg::guard([&] { column = column_of(reinterpret_cast<const Node*>(test->arg), &type); });
      if (!column || test->argisrow) break;
      found = Expression{.operation = test->nulltesttype == IS_NULL ? Operator::is_null : Operator::is_not_null,
                         .operands = {Expression::of_column(*column)}};
      break;
    }
    default:
      break;
  }
  // Those of a part that was read before another part turned out to have no like.
  if (!found) parameters_.resize(parameters);
  return found;
}

bool is_usual_order(Oid type, Oid operator_family, Oid collation) {
  return pg::guard([=] {
    return type < FirstGenbkiObjectId && operator_family == usual_family(type) &&
           is_usual_collation(type, collation, Operator::less);
  });
}

bool is_usual_equality(Oid type, Oid collation) {
  return pg::guard([=] { return type < FirstGenbkiObjectId && is_usual_collation(type, collation, Operator::equal); });
}

core::Expression with_values(const core::Expression& condition,
                             const std::vector<std::vector<core::Expression>>& values) {
  core::Expression result = condition;
  result.operands.clear();
  for (const core::Expression& operand : condition.operands) {
    if (operand.kind == Expression::Kind::parameter) {
      for (const core::Expression& value : values.at(operand.parameter - 1)) result.operands.push_back(value);
    } else {
      result.operands.push_back(with_values(operand, values));
    }
  }
  return result;
}

}  // namespace connector::fdw
