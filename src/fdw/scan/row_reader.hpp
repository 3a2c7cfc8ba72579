// Rows of a remote, batch by batch, as Datums of the types that they have here.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/rows/row_batch.hpp"
#include "fdw/connect/connections.hpp"
#include "fdw/plan/combined_scan.hpp"
#include "fdw/table/foreign_table.hpp"
#include "load/read/converter.hpp"

extern "C" {
#include "executor/tuptable.h"
}

namespace connector::fdw {

/// A column of the batch, and where its values go.
struct ReadColumn {
  core::RemoteColumn described;
  load::LocalType declared;
  std::vector<int> attributes;  ///< of the slot, counted from 0; none if it is only a part of an average
};

/// Columns of a foreign table, by their indexes in the source's description.
std::vector<ReadColumn> read_columns(const core::Source& source, const ForeignTable& table,
                                     const std::vector<std::size_t>& columns);

class RowReader {
 public:
  /// How long to read on, to keep a connection, for who wants no more rows: less than a new one costs.
  static constexpr std::chrono::milliseconds rest_time{50};

  /// What converting needs is allocated in `memory`, which outlives the reader.
  RowReader(Lease& lease, const std::vector<ReadColumn>& columns, std::vector<Average> averages,
            core::InvalidValues invalid_values, MemoryContext memory);

  /// The first batch has few rows, for who wants no more; the next ones are larger.
  void begin() noexcept;
  /// The next rows instead of those before, whose values end. False: there are no more behind these.
  bool fetch(Lease& lease, core::RemoteCursor& cursor);
  // The steps of fetch().
  /// Ends the values of the batch.
  void clear();
  /// Reads the next rows, and calls nothing of PostgreSQL's but what the connection's wait does. False: there are no
  /// more behind these.
  bool read(Lease& lease, core::RemoteCursor& cursor);
  /// Makes of what was read the values of the batch.
  void convert();

  std::size_t rows() const noexcept { return batch_.rows(); }
  /// The bytes that the values of the batch take.
  std::size_t bytes() const noexcept { return batch_.bytes(); }

  /// Puts a row of the batch into the slot, without a copy: its values are valid until clear(). Attributes
  /// that are not read are NULL. Neither throws nor raises.
  void store(std::size_t row, TupleTableSlot* slot) noexcept;

  /// Reads on and throws away what comes, up to some rows and some time. True if these were the last ones: so the
  /// connection is still of use.
  bool read_rest(Lease& lease, core::RemoteCursor& cursor) noexcept;

 private:
  void compute_averages();

  /// An attribute of the slot, and the column of the batch that it has its values from.
  struct Place {
    int attribute = 0;
    std::size_t column = 0;
  };

  std::vector<Place> places_;
  std::vector<Average> averages_;
  std::vector<std::vector<Datum>> average_values_;  ///< of the batch; 0 = NULL, as no numeric is at that address
  core::RowBatch batch_;
  std::vector<load::ColumnConverter> converters_;
  bool depends_on_settings_;
  std::size_t wanted_rows_ = 0;
  MemoryContext values_;  ///< what conversions allocate for a batch
};

}  // namespace connector::fdw
