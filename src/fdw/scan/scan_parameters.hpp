// Values of a scan that are known when it begins: those of its conditions' parameters, and of the query's LIMIT.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <vector>

#include "core/remote/scan.hpp"
#include "fdw/plan/conditions.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace connector::fdw {

class ScanParameters {
 public:
  /// `values`: a memory context for each call of values(), which empties it.
  ScanParameters(ForeignScanState* node, MemoryContext values) noexcept : node_(node), values_(values) {}

  /// Expressions of the plan, which may be null where there is no limit. What evaluating them needs is allocated in
  /// `memory`, whose reset ends it.
  void prepare(const std::vector<Parameter>& parameters, Expr* limit, Expr* offset, MemoryContext memory);

  /// For with_values(): the values of all parameters, or of those that one condition has. Throws PgError, or Error
  /// (encoding).
  std::vector<std::vector<core::Expression>> values() { return values(std::vector<bool>(parameters_.size(), true)); }
  std::vector<std::vector<core::Expression>> values(const core::Expression& condition);
  /// How many rows the query's LIMIT and OFFSET together want; nothing if there is no limit.
  std::optional<std::int64_t> row_limit();

 private:
  std::vector<std::vector<core::Expression>> values(const std::vector<bool>& is_wanted);
  std::vector<std::vector<core::Expression>> evaluate(const std::vector<bool>& is_wanted);

  ForeignScanState* node_;
  MemoryContext values_;
  std::vector<Parameter> parameters_;
  std::vector<ExprState*> states_;
  ExprState* limit_ = nullptr;
  ExprState* offset_ = nullptr;
};

}  // namespace connector::fdw
