#include "reader/cursor.hpp"

#include <cstring>
#include <exception>
#include <utility>

#include "reader/broken_reader.hpp"
#include "reader/shared_file.hpp"

namespace connector::reader {

using core::Phase;

namespace {

/// More than any provider has.
constexpr std::size_t most_kinds = 100;

}  // namespace

ReaderCursor::~ReaderCursor() {
  if (ended_ || !channel_.usable()) return;
  // What is on its way comes first. A driver that takes long to stop costs the connection.
  const core::Deadline deadline = patience();
  const Channel::Uninterrupted uninterrupted(channel_);
  try {
    channel_.tell(FrameKind::close, {}, Phase::fetch, deadline);
    FrameKind kind;
    do {
      kind = channel_.receive(Phase::fetch, deadline).kind;
    } while (kind != FrameKind::done && kind != FrameKind::failed);
  } catch (const std::exception&) {
    channel_.end(deadline);
  }
}

void ReaderCursor::begin(const core::RowBatch& batch) {
  ReadMessage read{.invalid_values = batch.invalid_values()};
  for (std::size_t i = 0; i < batch.columns(); ++i) read.columns.push_back(batch.column(i));
  rows_.emplace(static_cast<SlotSource&>(*this), read.columns);
  counts_.invalid.resize(batch.columns());
  channel_.tell(FrameKind::read, to_message(read), Phase::fetch);
}

bool ReaderCursor::fetch(core::RowBatch& batch) {
  if (!rows_) begin(batch);
  batch_ = &batch;
  try {
    return rows_->read(batch);
  } catch (const core::Error&) {
    // Unless it is the end that the process tells of, what comes next can't be told from the rest of this.
    if (!ended_) channel_.end(std::chrono::steady_clock::now());
    throw;
  }
}

/// The counts are those from the beginning on.
void ReaderCursor::take_counts(const CountsMessage& counts) {
  if (counts.invalid.size() != counts_.invalid.size()) throw broken_reader("there are counts of other columns");
  for (std::size_t i = 0; i < counts.invalid.size(); ++i) {
    if (counts.invalid[i] < counts_.invalid[i]) throw broken_reader("a count has become less");
    batch_->count_invalid(i, counts.invalid[i] - counts_.invalid[i]);
  }
  if (counts.substitutions.size() > most_kinds) throw broken_reader("there are too many counts");
  for (const auto& kind : counts.substitutions) {
    if (!kind.empty() && kind.size() != counts_.invalid.size())
      throw broken_reader("there are counts of other columns");
  }
  counts_ = counts;
}

std::size_t ReaderCursor::take_rows(const Frame& frame, char* to) {
  RowsFrame rows;
  if (frame.body.size() != sizeof rows) throw broken_reader("a frame has another length");
  std::memcpy(&rows, frame.body.data(), sizeof rows);
  if (rows.slot >= slot_count || rows.bytes == 0 || rows.bytes > slot_bytes ||
      !copy_slot(channel_.process().shared_file(), rows.slot, rows.bytes, to)) {
    throw broken_reader("rows are where none can be");
  }
  channel_.tell(FrameKind::more, body_bytes(MoreFrame{rows.slot}), Phase::fetch);
  return rows.bytes;
}

std::size_t ReaderCursor::next_slot(char* to) {
  while (!ended_) {
    const Frame frame = channel_.receive(Phase::fetch);
    switch (frame.kind) {
      case FrameKind::rows:
        return channel_.understood([&] { return take_rows(frame, to); });
      case FrameKind::counts:
        channel_.understood([&] { take_counts(counts_message(frame.body)); });
        break;
      case FrameKind::done:
        ended_ = true;
        warnings_ = channel_.understood([&] { return warnings_message(frame.body); });
        break;
      case FrameKind::failed:
        ended_ = true;
        throw channel_.failure(frame.body);
      default:
        channel_.understood([]() { throw broken_reader("a frame comes where it should not"); });
    }
  }
  return 0;
}

std::span<const std::uint64_t> ReaderCursor::substitutions(std::size_t kind) const {
  if (kind >= counts_.substitutions.size()) return {};
  return counts_.substitutions[kind];
}

}  // namespace connector::reader
