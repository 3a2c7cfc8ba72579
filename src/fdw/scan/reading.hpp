// What a scan asks its remote for, and what it makes of the rows: of one foreign table, or of several joined or
// grouped.
#pragma once

#include "pg/postgres.hpp"

#include <memory>
#include <optional>
#include <vector>

#include "fdw/plan/combined_scan.hpp"
#include "fdw/connect/connections.hpp"
#include "fdw/table/foreign_table.hpp"
#include "fdw/plan/outdated_plan.hpp"
#include "fdw/plan/planned_scan.hpp"
#include "fdw/scan/row_reader.hpp"
#include "fdw/scan/scan_parameters.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace connector::fdw {

/// Like Scan, it belongs to the query's memory context: its destructor calls nothing of PostgreSQL's.
class Reading {
 public:
  virtual ~Reading() = default;

  /// The server that a connection is needed to.
  virtual Oid server() = 0;
  /// By what is known of the tables now, over a connection that is valid until the next call.
  virtual void prepare(Lease& lease) = 0;
  /// What prepare() has found.
  virtual core::Source& source() = 0;
  /// What the remote is asked for, with the values that parameters have now; nothing if it can't be asked with these.
  /// From then on reader() and is_kept() are those of this scan.
  virtual std::optional<core::Scan> remote_scan(Lease& lease) = 0;
  virtual RowReader& reader() = 0;
  /// Whether the remote can be asked for the values that the parameter of a key (PlannedScan::keys) has now.
  virtual bool can_send_key(std::size_t /*key*/) { return false; }
  /// The node that gives keys their values is likely to begin again soon.
  virtual bool has_keys() const noexcept { return false; }
  /// Conditions that are looked at here, beside those that the plan has; null: none.
  virtual ExprState* looked_at_here() const noexcept { return nullptr; }
  /// Has the tables described anew the next time.
  virtual void forget(Lease& lease) noexcept = 0;
};

std::unique_ptr<Reading> new_table_reading(ForeignScanState* node, const ForeignScan* plan);
std::unique_ptr<Reading> new_combined_reading(ForeignScanState* node, const ForeignScan* plan);

/// A memory context of the query's.
MemoryContext new_scan_context(const ForeignScanState* node);

}  // namespace connector::fdw
