#include "fdw/plan/key_lookup_costs.hpp"

#include <algorithm>
#include <cmath>

extern "C" {
#include "optimizer/optimizer.h"
}

namespace connector::fdw {

namespace {

/// To write a value here, to read it there, and to go through an index for it: several times what it takes to send a
/// row of a scan.
constexpr double key_value_cost = 0.15;

/// The rows that a batch brings.
double rows_of(const LookupWork& work, double batches) {
  double part = 1, combinations = 1;
  for (const LookupWork::Key& key : work.keys) {
    const double values = std::max(1.0, key.values / batches);
    part *= std::min(1.0, values * key.selectivity);
    combinations *= values;
  }
  double rows = work.rows * part;
  if (work.rows_by_key > 0) rows = std::min(rows, combinations * work.rows_by_key);
  return clamp_row_est(rows);
}

/// The values that the largest batch has of each key, or less.
double most_values(const LookupWork& work) {
  double most = most_key_values;
  const auto combinations = [&] {
    double product = 1;
    for (const LookupWork::Key& key : work.keys) product *= std::clamp(key.values, 1.0, most);
    return product;
  };
  while (work.most_combinations > 0 && most > 1 && combinations() > work.most_combinations) most *= 0.9;
  return std::max(1.0, most);
}

}  // namespace

LookupCost lookup_cost(const LookupWork& work) {
  double values = 1, all_values = 0;
  for (const LookupWork::Key& key : work.keys) {
    values = std::max(values, key.values);
    all_values += key.values;
  }
  double batches = 1;
  const double most = most_values(work);
  double size = std::min<double>(work.first_values, most);
  for (double left = values - size; left > 0; left -= size) {
    ++batches;
    size = std::min(size * key_values_growth, most);
    if (size >= most) {
      batches += std::ceil(left / size) - 1;
      break;
    }
  }
  LookupCost cost;
  cost.scan_rows = rows_of(work, batches);
  RemoteWork remote = work.remote;
  remote.sent_rows = cost.scan_rows;
  cost.scan = path_cost(remote);
  cost.first_part = std::min(1.0, work.first_values / values);
  const double looked_at = work.outer_rows + batches * cost.scan_rows;
  cost.startup = cost.scan.startup + work.clauses.startup;
  cost.run = batches * cost.scan.total - cost.scan.startup + all_values * key_value_cost;
  cost.run += looked_at * (cpu_tuple_cost + cpu_operator_cost * static_cast<double>(work.keys.size()));
  cost.run += work.pairs * (work.clauses.per_tuple + cpu_tuple_cost);
  return cost;
}

}  // namespace connector::fdw
