#include "fdw/scan/analyzing.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "fdw/connect/connections.hpp"
#include "fdw/table/foreign_table.hpp"
#include "fdw/scan/row_reader.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/tie.hpp"

extern "C" {
#include "access/htup_details.h"
#include "common/pg_prng.h"
#include "executor/tuptable.h"
#include "utils/memutils.h"
#include "utils/rel.h"
}

namespace connector::fdw {

namespace {

/// As many rows as this part of the wanted ones more: the remote chooses each row by chance, and could choose too few.
constexpr double surplus = 1.5;

/// What a block of PostgreSQL's would hold, as ANALYZE counts tables in blocks.
constexpr double row_bytes_guess = 100;

/// So many rows, each of which had the same chance to be among them.
class Reservoir {
 public:
  Reservoir(HeapTuple* rows, int size) : rows_(rows), size_(size) {}

  void add(TupleTableSlot* slot) {
    const double seen = seen_++;
    int place = count_;
    if (count_ == size_) {
      const double chosen = std::floor(pg_prng_double(&pg_global_prng_state) * (seen + 1));
      if (chosen >= size_) return;
      place = static_cast<int>(chosen);
      heap_freetuple(rows_[place]);
    } else {
      ++count_;
    }
    rows_[place] = heap_form_tuple(slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
  }

  int count() const noexcept { return count_; }
  double seen() const noexcept { return seen_; }

 private:
  HeapTuple* rows_;
  int size_;
  int count_ = 0;
  double seen_ = 0;
};

/// What a sample is read with, until the end of the memory context: also if the process is ended meanwhile.
struct SampleReading {
  std::unique_ptr<Lease> lease;
  std::unique_ptr<RowReader> reader;
  std::unique_ptr<core::RemoteCursor> cursor;
};

/// PostgreSQL asks for the function that samples as the role that called ANALYZE, maybe for the whole database, and for
/// the sample as the owner of the table, or of that which it is a partition of. Only the table's own owner has chosen
/// where it leads to.
std::unique_ptr<Lease> lease_as_owner(Relation relation, const ForeignTable& table) {
  return lease(table.server, relation->rd_rel->relowner);
}

int read_sample(Relation relation, HeapTuple* rows, int wanted, double* total) {
  const auto table = foreign_table(RelationGetRelid(relation));
  pg::Tied<SampleReading> reading;
  reading.set(std::make_unique<SampleReading>());
  reading->lease = lease_as_owner(relation, *table);
  core::Source& source = reading->lease->source(table->options.request);
  core::Scan scan;
  for (std::size_t i = 0; i < table->attributes.size(); ++i) scan.columns.push_back(i);
  const std::optional<std::int64_t> estimate = source.description().estimated_rows;
  const double many = wanted * surplus;
  if (estimate && static_cast<double>(*estimate) > many && source.samples()) {
    scan.sample = many / static_cast<double>(*estimate);
  }
  reading->reader =
      std::make_unique<RowReader>(*reading->lease, read_columns(source, *table, scan.columns), std::vector<Average>{},
                                  table->options.invalid_values, CurrentMemoryContext);
  reading->cursor = source.open(scan);
  reading->reader->begin();
  Reservoir reservoir(rows, wanted);
  TupleTableSlot* slot =
      pg::guard([&] { return MakeSingleTupleTableSlot(RelationGetDescr(relation), &TTSOpsVirtual); });
  bool more = true;
  while (more) {
    more = reading->reader->fetch(*reading->lease, *reading->cursor);
    pg::guard([&] {
      for (std::size_t row = 0; row < reading->reader->rows(); ++row) {
        ExecClearTuple(slot);
        reading->reader->store(row, slot);
        ExecStoreVirtualTuple(slot);
        reservoir.add(slot);
      }
    });
  }
  pg::guard([slot] { ExecDropSingleTupleTableSlot(slot); });
  reading->cursor.reset();
  *total = scan.sample ? static_cast<double>(*estimate) : reservoir.seen();
  return reservoir.count();
}

int acquire_sample(Relation relation, int level, HeapTuple* rows, int wanted, double* total, double* dead) {
  *dead = 0;
  return pg::enter([=] {
    const int count = read_sample(relation, rows, wanted, total);
    pg::guard([=] {
      ereport(level, (errmsg("\"%s\": table contains %.0f rows, %d rows in sample", RelationGetRelationName(relation),
                             *total, count)));
    });
    return count;
  });
}

}  // namespace

bool analyze(Relation relation, AcquireSampleRowsFunc* function, BlockNumber* pages) {
  *function = acquire_sample;
  const auto table = foreign_table(RelationGetRelid(relation));
  const std::unique_ptr<Lease> connection = lease_as_owner(relation, *table);
  const auto rows = connection->source(table->options.request).description().estimated_rows;
  // Only that it is not zero counts.
  *pages = static_cast<BlockNumber>(
      std::max(1.0, std::ceil(static_cast<double>(rows.value_or(0)) * row_bytes_guess / BLCKSZ)));
  return true;
}

}  // namespace connector::fdw
