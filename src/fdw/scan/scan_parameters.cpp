#include "fdw/scan/scan_parameters.hpp"

#include <limits>

#include "fdw/plan/constants.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "executor/executor.h"
#include "utils/memutils.h"
}

namespace connector::fdw {

void ScanParameters::prepare(const std::vector<Parameter>& parameters, Expr* limit, Expr* offset,
                             MemoryContext memory) {
  parameters_ = parameters;
  states_.assign(parameters_.size(), nullptr);
  pg::guard([&] {
    const MemoryContext outer = MemoryContextSwitchTo(memory);
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      states_[i] = ExecInitExpr(parameters_[i].expression, &node_->ss.ps);
    }
    limit_ = ExecInitExpr(limit, &node_->ss.ps);
    offset_ = ExecInitExpr(offset, &node_->ss.ps);
    MemoryContextSwitchTo(outer);
  });
}

namespace {

/// Marks the parameters of a condition.
void mark_parameters(const core::Expression& condition, std::vector<bool>& marks) {
  for (const core::Expression& operand : condition.operands) {
    if (operand.kind == core::Expression::Kind::parameter) marks.at(operand.parameter - 1) = true;
    mark_parameters(operand, marks);
  }
}

}  // namespace

std::vector<std::vector<core::Expression>> ScanParameters::values(const core::Expression& condition) {
  std::vector<bool> is_wanted(parameters_.size());
  mark_parameters(condition, is_wanted);
  return values(is_wanted);
}

std::vector<std::vector<core::Expression>> ScanParameters::values(const std::vector<bool>& is_wanted) {
  // Values may be asked for very often in one query, whose memory must not fill with their texts.
  pg::guard([this] { MemoryContextReset(values_); });
  const MemoryContext outer = MemoryContextSwitchTo(values_);
  try {
    auto values = evaluate(is_wanted);
    MemoryContextSwitchTo(outer);
    return values;
  } catch (...) {
    MemoryContextSwitchTo(outer);
    throw;
  }
}

std::vector<std::vector<core::Expression>> ScanParameters::evaluate(const std::vector<bool>& is_wanted) {
  std::vector<std::vector<core::Expression>> values;
  ExprContext* context = node_->ss.ps.ps_ExprContext;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    std::vector<core::Expression>& constants = values.emplace_back();
    if (!is_wanted[i]) continue;
    bool is_null = false;
    const Datum value = pg::guard([&] { return ExecEvalExprSwitchContext(states_[i], context, &is_null); });
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

std::optional<std::int64_t> ScanParameters::row_limit() {
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

}  // namespace connector::fdw
