#include "fdw/row_reader.hpp"

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
#include "utils/memutils.h"
}

namespace connector::fdw {

namespace {

constexpr std::size_t batch_rows = 1000;
constexpr std::size_t first_rows = 50;
constexpr std::size_t growth = 4;

/// What is worth reading to keep a connection: less than a new one costs.
constexpr int rest_batches = 4;
constexpr std::chrono::milliseconds rest_time{50};

std::vector<core::BatchColumn> batch_columns(const Lease& lease, const core::Source& source, const ForeignTable& table,
                                             const std::vector<std::size_t>& columns) {
  std::vector<core::BatchColumn> result;
  for (const std::size_t index : columns) {
    const core::RemoteColumn& remote = source.description().columns.at(index);
    if (!remote.unsupported_reason.empty()) {
      throw core::Error(core::ErrorNumber::cannot_read,
                        "column \"" + remote.name + "\" of type " + remote.remote_type + " can't be read",
                        "The provider says: " + remote.unsupported_reason + ".",
                        "Leave the column out of the foreign table.");
    }
    result.push_back({remote.name, remote.type, remote.form, remote.encoding, std::string(lease.provider().id),
                      pg::utf8_text(table.types[index].shown)});
  }
  return result;
}

std::vector<load::ColumnConverter> make_converters(const core::Source& source, const ForeignTable& table,
                                                   const core::RowBatch& batch, const std::vector<std::size_t>& columns,
                                                   MemoryContext memory) {
  std::vector<load::ColumnConverter> converters;
  const MemoryContext outer = MemoryContextSwitchTo(memory);
  converters.reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const load::LocalType& declared = table.types[columns[i]];
    converters.emplace_back(batch.column(i), arriving_type(source.description().columns[columns[i]], declared),
                            declared);
  }
  MemoryContextSwitchTo(outer);
  return converters;
}

}  // namespace

RowReader::RowReader(Lease& lease, const core::Source& source, const ForeignTable& table,
                     std::vector<std::size_t> columns, MemoryContext memory)
    : columns_(std::move(columns)),
      batch_(batch_columns(lease, source, table, columns_), table.options.invalid_values, batch_rows,
             settings::current().batch_bytes),
      converters_(make_converters(source, table, batch_, columns_, memory)),
      depends_on_settings_(std::ranges::any_of(converters_, &load::ColumnConverter::depends_on_settings)),
      values_(pg::guard([=] { return AllocSetContextCreate(memory, "connector batch", ALLOCSET_DEFAULT_SIZES); })) {
  for (const std::size_t index : columns_) attributes_.push_back(table.attributes[index] - 1);
}

void RowReader::begin() noexcept {
  wanted_rows_ = first_rows;
  batch_.clear();
}

bool RowReader::fetch(Lease& lease, core::RemoteCursor& cursor) {
  batch_.clear();
  if (!converters_.empty()) pg::guard([this] { MemoryContextReset(values_); });
  batch_.want_rows(wanted_rows_);
  wanted_rows_ = std::min(wanted_rows_ * growth, batch_rows);
  lease.wait().check();
  const core::LimitedSilence reading(lease.wait(), [this] { return batch_.rows_before() + batch_.rows() > 0; });
  const bool more = cursor.fetch(batch_);
  const auto convert = [this] {
    for (std::size_t i = 0; i < converters_.size(); ++i) converters_[i].convert(batch_, i, batch_.rows());
  };
  const MemoryContext outer = MemoryContextSwitchTo(values_);
  try {
    depends_on_settings_ ? pg::with_fixed_formats(convert) : convert();
  } catch (...) {
    MemoryContextSwitchTo(outer);
    throw;
  }
  MemoryContextSwitchTo(outer);
  return more;
}

void RowReader::store(std::size_t row, TupleTableSlot* slot) noexcept {
  std::memset(slot->tts_isnull, true, static_cast<std::size_t>(slot->tts_tupleDescriptor->natts));
  for (std::size_t i = 0; i < attributes_.size(); ++i) {
    const int attribute = attributes_[i];
    slot->tts_isnull[attribute] = batch_.nulls(i)[row];
    slot->tts_values[attribute] = static_cast<Datum>(batch_.values(i)[row]);
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
