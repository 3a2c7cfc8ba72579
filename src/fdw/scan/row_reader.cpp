#include "fdw/scan/row_reader.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "core/base/error.hpp"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/text.hpp"
#include "settings/settings.hpp"

extern "C" {
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
}

namespace connector::fdw {

namespace {

constexpr std::size_t batch_rows = 1000;
constexpr std::size_t first_rows = 50;
constexpr std::size_t growth = 4;

/// Beside RowReader::rest_time.
constexpr int rest_batches = 4;

std::vector<core::BatchColumn> batch_columns(const Lease& lease, const std::vector<ReadColumn>& columns) {
  std::vector<core::BatchColumn> result;
  for (const ReadColumn& column : columns) {
    const core::RemoteColumn& remote = column.described;
    if (!remote.unsupported_reason.empty()) {
      throw core::Error(core::ErrorNumber::cannot_read,
                        "column \"" + remote.name + "\" of type " + remote.remote_type + " can't be read",
                        "The provider says: " + remote.unsupported_reason + ".",
                        "Leave the column out of the foreign table.");
    }
    result.push_back({remote.name, remote.type, remote.form, remote.encoding, std::string(lease.provider().id),
                      pg::utf8_text(column.declared.shown)});
  }
  return result;
}

std::vector<load::ColumnConverter> make_converters(const core::RowBatch& batch, const std::vector<ReadColumn>& columns,
                                                   MemoryContext memory) {
  std::vector<load::ColumnConverter> converters;
  const MemoryContext outer = MemoryContextSwitchTo(memory);
  converters.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const load::LocalType& declared = columns[i].declared;
    converters.emplace_back(batch.column(i), arriving_type(columns[i].described, declared), declared);
  }
  MemoryContextSwitchTo(outer);
  return converters;
}

}  // namespace

std::vector<ReadColumn> read_columns(const core::Source& source, const ForeignTable& table,
                                     const std::vector<std::size_t>& columns) {
  std::vector<ReadColumn> result;
  for (const std::size_t index : columns) {
    result.push_back({source.description().columns.at(index), table.types[index], {table.attributes[index] - 1}});
  }
  return result;
}

RowReader::RowReader(Lease& lease, const std::vector<ReadColumn>& columns, std::vector<Average> averages,
                     core::InvalidValues invalid_values, MemoryContext memory)
    : averages_(std::move(averages)),
      average_values_(averages_.size()),
      batch_(batch_columns(lease, columns), invalid_values, batch_rows, settings::current().batch_bytes),
      converters_(make_converters(batch_, columns, memory)),
      depends_on_settings_(std::ranges::any_of(converters_, &load::ColumnConverter::depends_on_settings)),
      values_(pg::guard([=] { return AllocSetContextCreate(memory, "connector batch", ALLOCSET_DEFAULT_SIZES); })) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (const int attribute : columns[i].attributes) places_.push_back({attribute, i});
  }
}

void RowReader::begin() noexcept {
  wanted_rows_ = first_rows;
  batch_.clear();
}

bool RowReader::fetch(Lease& lease, core::RemoteCursor& cursor) {
  clear();
  const bool more = read(lease, cursor);
  convert();
  return more;
}

void RowReader::clear() {
  batch_.clear();
  if (!converters_.empty()) pg::guard([this] { MemoryContextReset(values_); });
}

bool RowReader::read(Lease& lease, core::RemoteCursor& cursor) {
  batch_.want_rows(wanted_rows_);
  wanted_rows_ = std::min(wanted_rows_ * growth, batch_rows);
  lease.wait().check();
  const core::LimitedSilence reading(lease.wait(), [this] { return batch_.rows_before() + batch_.rows() > 0; });
  return cursor.fetch(batch_);
}

void RowReader::convert() {
  const auto convert = [this] {
    for (std::size_t i = 0; i < converters_.size(); ++i) converters_[i].convert(batch_, i, batch_.rows());
    if (!averages_.empty()) compute_averages();
  };
  const MemoryContext outer = MemoryContextSwitchTo(values_);
  try {
    depends_on_settings_ ? pg::with_fixed_formats(convert) : convert();
  } catch (...) {
    MemoryContextSwitchTo(outer);
    throw;
  }
  MemoryContextSwitchTo(outer);
}

/// As avg() of integers and numerics does: numeric_div().
void RowReader::compute_averages() {
  for (std::vector<Datum>& values : average_values_) values.assign(batch_.rows(), Datum{0});
  pg::guard([this] {
    for (std::size_t i = 0; i < averages_.size(); ++i) {
      const Average& average = averages_[i];
      const std::span<std::uint64_t> sums = batch_.values(average.sum), counts = batch_.values(average.count);
      for (std::size_t row = 0; row < batch_.rows(); ++row) {
        if (batch_.nulls(average.sum)[row]) continue;
        const Datum count = NumericGetDatum(int64_to_numeric(static_cast<std::int64_t>(counts[row])));
        average_values_[i][row] = DirectFunctionCall2(numeric_div, static_cast<Datum>(sums[row]), count);
      }
    }
  });
}

void RowReader::store(std::size_t row, TupleTableSlot* slot) noexcept {
  std::memset(slot->tts_isnull, true, static_cast<std::size_t>(slot->tts_tupleDescriptor->natts));
  for (const Place& place : places_) {
    slot->tts_isnull[place.attribute] = batch_.nulls(place.column)[row];
    slot->tts_values[place.attribute] = static_cast<Datum>(batch_.values(place.column)[row]);
  }
  for (std::size_t i = 0; i < averages_.size(); ++i) {
    const Datum value = average_values_[i][row];
    slot->tts_isnull[averages_[i].attribute] = value == Datum{0};
    slot->tts_values[averages_[i].attribute] = value;
  }
}

bool RowReader::read_rest(Lease& lease, core::RemoteCursor& cursor) noexcept {
  const core::Deadline until = std::chrono::steady_clock::now() + rest_time;
  try {
    for (int i = 0; i < rest_batches; ++i) {
      batch_.clear();
      batch_.want_rows(batch_rows);
      if (!lease.fetch_until(cursor, batch_, until)) return true;
      if (std::chrono::steady_clock::now() >= until) break;
    }
  } catch (...) {  // the rows are nobody's: whatever is wrong with them, or with the remote, is no matter
  }
  return false;
}

}  // namespace connector::fdw
