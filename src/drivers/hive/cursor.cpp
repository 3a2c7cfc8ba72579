#include "drivers/hive/cursor.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <utility>

#include "drivers/hive/values.hpp"

namespace connector::hive {

namespace {

using core::Phase;

/// A piece must be large enough that the time between two pieces does not count, and small beside a backend's memory.
constexpr std::int64_t wanted_bytes = 2 * 1024 * 1024;
constexpr std::int64_t first_rows = 100;
/// The server's own limit unless set otherwise (hive.server2.thrift.resultset.max.fetch.size).
constexpr std::int64_t most_rows = 10'000;
constexpr std::int64_t growth = 16;

constexpr const char* fetch_size_setting = "hive.server2.thrift.resultset.default.fetch.size";

std::int64_t fetch_size(const Login& login) {
  const auto found = login.session.find(fetch_size_setting);
  std::int64_t rows = 0;
  if (found != login.session.end()) {
    std::from_chars(found->second.data(), found->second.data() + found->second.size(), rows);
  }
  return rows;
}

}  // namespace

FetchSize::FetchSize(std::int64_t most) noexcept
    : most_(most > 0 ? std::min(most, most_rows) : most_rows), rows_(std::min(first_rows, most_)) {}

void FetchSize::learn(std::size_t rows, std::size_t bytes) noexcept {
  if (rows == 0) return;
  const auto row_bytes = static_cast<std::int64_t>(bytes / rows + 1);
  rows_ = std::clamp<std::int64_t>(std::min(wanted_bytes / row_bytes, rows_ * growth), 1, most_);
}

HiveCursor::HiveCursor(Session& session, std::vector<Reading> readings, std::size_t wire_columns,
                       std::optional<std::int64_t> limit, std::int64_t offset, std::string summary)
    : session_(session),
      operation_(session.operation_number()),
      readings_(std::move(readings)),
      wire_columns_(wire_columns),
      summary_(std::move(summary)),
      fetch_size_(fetch_size(session.login())),
      rows_left_(limit),
      rows_to_skip_(offset),
      nested_texts_(readings_.size()) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max() - offset;
  if (rows_left_) rows_left_ = std::min(*rows_left_, most) + offset;
}

HiveCursor::~HiveCursor() {
  session_.leave_operation(operation_);
}

/// Asks for the next piece, unless nothing more is wanted.
void HiveCursor::ask() {
  std::int64_t count = fetch_size_.rows();
  if (rows_left_) {
    count = std::min(count, *rows_left_);
    if (count == 0) return;
    *rows_left_ -= count;
  }
  session_.ask_for_rows(count, wire_columns_, {Phase::fetch, summary_});
}

/// Reads the next piece, and asks for the one behind it: the server works on that while this one is stored.
bool HiveCursor::next_rows() {
  const Task task{Phase::fetch, summary_};
  row_ = rows_.rows = 0;
  if (!session_.has_operation()) return false;
  if (!session_.is_asked()) ask();
  if (session_.is_asked()) session_.read_rows(rows_, task);
  if (rows_.rows == 0) {
    session_.close_operation(task);
    return false;
  }
  check_kinds();
  fetch_size_.learn(rows_.rows, rows_.bytes);
  ask();
  return true;
}

void HiveCursor::check_kinds() const {
  for (const Reading& reading : readings_) {
    const WireKind kind = rows_.columns[reading.wire_column].kind();
    if (can_decode(reading.decode, kind)) continue;
    throw_malformed("the server sends " + std::string(wire_kind_name(kind)) + " for a column of another type",
                    {Phase::fetch, summary_});
  }
}

bool HiveCursor::fetch(core::RowBatch& batch) {
  while (!batch.full()) {
    if (row_ == rows_.rows && !next_rows()) return false;
    if (rows_to_skip_ > 0) {
      const auto skipped = std::min<std::int64_t>(rows_to_skip_, static_cast<std::int64_t>(rows_.rows - row_));
      rows_to_skip_ -= skipped;
      row_ += static_cast<std::size_t>(skipped);
      continue;
    }
    for (std::size_t i = 0; i < readings_.size(); ++i) {
      const Reading& reading = readings_[i];
      const ResultColumn& column = rows_.columns[reading.wire_column];
      if (!decode_value(reading.decode, reading.type, column, row_, i, batch)) ++nested_texts_[i];
    }
    batch.finish_row();
    ++row_;
  }
  return true;
}

}  // namespace connector::hive
