// Rows of a foreign table, batch by batch, as Datums of the types that its columns are declared as.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <memory>
#include <vector>

#include "core/rows/row_batch.hpp"
#include "fdw/connections.hpp"
#include "fdw/foreign_table.hpp"
#include "load/read/converter.hpp"

extern "C" {
#include "executor/tuptable.h"
}

namespace connector::fdw {

class RowReader {
 public:
  /// Reads some columns, by their indexes in the source's description. What converting needs is allocated in `memory`,
  /// which outlives the reader.
  RowReader(Lease& lease, const core::Source& source, const ForeignTable& table, std::vector<std::size_t> columns,
            MemoryContext memory);

  const std::vector<std::size_t>& columns() const noexcept { return columns_; }

  /// The first batch has few rows, for who wants no more; the next ones are larger.
  void begin() noexcept;
  /// The next rows instead of those before, whose values end. False: there are no more behind these.
  bool fetch(Lease& lease, core::RemoteCursor& cursor);
  std::size_t rows() const noexcept { return batch_.rows(); }
  /// The bytes that the values of the batch take.
  std::size_t bytes() const noexcept { return batch_.bytes(); }

  /// Puts a row of the batch into the slot of the table's row type, without a copy: its values are valid until the next
  /// fetch(). Columns that are not read are NULL. Neither throws nor raises.
  void store(std::size_t row, TupleTableSlot* slot) noexcept;

  /// Reads on and throws away what comes, up to some rows and some time. True if these were the last ones: so the
  /// connection is still of use.
  bool read_rest(Lease& lease, core::RemoteCursor& cursor) noexcept;

 private:
  std::vector<std::size_t> columns_;
  std::vector<int> attributes_;  ///< of the columns, counted from 0
  core::RowBatch batch_;
  std::vector<load::ColumnConverter> converters_;
  bool depends_on_settings_;
  std::size_t wanted_rows_ = 0;
  MemoryContext values_;  ///< what conversions allocate for a batch
};

}  // namespace connector::fdw
