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
  explicit ScanParameters(ForeignScanState* node) noexcept : node_(node) {}

  /// Expressions of the plan, which may be null where there is no limit. What evaluating them needs is allocated in
  /// `memory`, whose reset ends it.
  void prepare(const std::vector<Parameter>& parameters, Expr* limit, Expr* offset, MemoryContext memory);

  /// For with_values(). Throws PgError, or Error (encoding).
  std::vector<std::vector<core::Expression>> values();
  /// How many rows the query's LIMIT and OFFSET together want; nothing if there is no limit.
  std::optional<std::int64_t> row_limit();

 private:
  std::vector<std::vector<core::Expression>> evaluate();

  ForeignScanState* node_;
  std::vector<Parameter> parameters_;
  std::vector<ExprState*> states_;
  ExprState* limit_ = nullptr;
  ExprState* offset_ = nullptr;
};

}  // namespace connector::fdw
