#include "reader/row_stream.hpp"

#include <algorithm>
#include <cstring>

#include "reader/broken_reader.hpp"
#include "reader/value_check.hpp"

namespace connector::reader {

using core::TypeKind;
using core::ValueForm;

namespace {

/// At least one, so that each row takes some.
std::size_t flag_bytes_of(std::size_t columns) noexcept {
  return columns / 8 + 1;
}

}  // namespace

StreamForm stream_form(const core::LogicalType& type, ValueForm form) noexcept {
  if (form != ValueForm::datum) return StreamForm::bytes;
  switch (type.kind) {
    case TypeKind::boolean:
    case TypeKind::int2:
    case TypeKind::int4:
    case TypeKind::int8:
    case TypeKind::float4:
    case TypeKind::float8:
    case TypeKind::date:
    case TypeKind::time:
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
      return StreamForm::word;
    case TypeKind::interval:
    case TypeKind::uuid:
      return StreamForm::sixteen_bytes;
    default:
      return StreamForm::bytes;
  }
}

char* RowWriter::room(std::size_t bytes) {
  if (slot_ != nullptr && slot_bytes - used_ < bytes) flush();
  if (slot_ == nullptr) slot_ = sink_.next_slot();
  char* to = slot_ + used_;
  used_ += bytes;
  return to;
}

void RowWriter::put(const void* from, std::size_t bytes) {
  std::memcpy(room(bytes), from, bytes);
}

void RowWriter::put_long(std::string_view bytes) {
  const std::uint64_t length = bytes.size();
  char* to = room(sizeof large + sizeof length);
  std::memcpy(to, &large, sizeof large);
  std::memcpy(to + sizeof large, &length, sizeof length);
  while (!bytes.empty()) {
    if (used_ == slot_bytes) flush();
    const std::size_t free = slot_ == nullptr ? slot_bytes : slot_bytes - used_;
    const std::size_t part = std::min(free, bytes.size());
    put(bytes.data(), part);
    bytes.remove_prefix(part);
  }
}

void RowWriter::flush() {
  if (slot_ == nullptr) return;
  sink_.send(used_);
  slot_ = nullptr;
  used_ = 0;
}

void RowWriter::write(core::RowBatch& batch) {
  const std::size_t columns = batch.columns();
  std::vector<StreamForm> forms;
  for (std::size_t i = 0; i < columns; ++i) forms.push_back(stream_form(batch.column(i).type, batch.column(i).form));
  const std::size_t flag_bytes = flag_bytes_of(columns);
  std::string flags;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    flags.assign(flag_bytes, '\0');
    for (std::size_t i = 0; i < columns; ++i) {
      if (batch.nulls(i)[row]) flags[i / 8] = static_cast<char>(flags[i / 8] | 1 << i % 8);
    }
    put(flags.data(), flag_bytes);
    for (std::size_t i = 0; i < columns; ++i) {
      if (batch.nulls(i)[row]) continue;
      const std::uint64_t value = batch.values(i)[row];
      if (forms[i] == StreamForm::word) {
        put(&value, sizeof value);
      } else if (forms[i] == StreamForm::sixteen_bytes) {
        put(reinterpret_cast<const char*>(static_cast<std::uintptr_t>(value)), 16);
      } else {
        const std::span<const char> payload = core::varlena_payload(value);
        if (payload.size() > longest_small_value) {
          put_long({payload.data(), payload.size()});
          continue;
        }
        const auto length = static_cast<std::uint32_t>(payload.size());
        char* to = room(sizeof length + length);
        std::memcpy(to, &length, sizeof length);
        std::memcpy(to + sizeof length, payload.data(), length);
      }
    }
  }
}

RowReader::RowReader(SlotSource& source, std::vector<core::BatchColumn> columns)
    : source_(source), columns_(std::move(columns)), slot_(slot_bytes, '\0') {
  for (const core::BatchColumn& column : columns_) forms_.push_back(stream_form(column.type, column.form));
}

bool RowReader::has_row() {
  if (at_ < end_) return true;
  if (ended_) return false;
  at_ = 0;
  end_ = std::min(source_.next_slot(slot_.data()), slot_bytes);
  ended_ = end_ == 0;
  return !ended_;
}

/// The next bytes, which are in one slot.
const char* RowReader::take(std::size_t bytes) {
  if (!has_row() || end_ - at_ < bytes) throw broken_reader("a row ends in its middle");
  at_ += bytes;
  return slot_.data() + at_ - bytes;
}

bool RowReader::read(core::RowBatch& batch) {
  while (!batch.full()) {
    if (!has_row()) return false;
    read_row(batch);
    batch.finish_row();
  }
  return true;
}

void RowReader::read_row(core::RowBatch& batch) {
  const std::size_t columns = forms_.size();
  const std::size_t flag_bytes = flag_bytes_of(columns);
  const std::string flags(take(flag_bytes), flag_bytes);
  for (std::size_t i = 0; i < columns; ++i) {
    if ((flags[i / 8] >> i % 8 & 1) != 0) {
      batch.set_null(i);
      continue;
    }
    switch (forms_[i]) {
      case StreamForm::word: {
        std::int64_t word;
        std::memcpy(&word, take(sizeof word), sizeof word);
        if (!is_datum_of(columns_[i].type.kind, word)) throw broken_reader("a value is none of its column's type");
        batch.set_int(i, word);
        break;
      }
      case StreamForm::sixteen_bytes:
        set_sixteen_bytes(batch, i, take(16));
        break;
      case StreamForm::bytes:
        read_bytes(batch, i);
    }
  }
}

void RowReader::read_bytes(core::RowBatch& batch, std::size_t column) {
  std::uint32_t length;
  std::memcpy(&length, take(sizeof length), sizeof length);
  if (length == large) return read_large(batch, column);
  if (length > longest_small_value) throw broken_reader("a value is longer than it may be");
  const std::string_view value(length == 0 ? "" : take(length), length);
  if (!is_payload_of(columns_[column], value)) throw broken_reader("a value is none of its column's type");
  batch.set_bytes(column, value);
}

void RowReader::read_large(core::RowBatch& batch, std::size_t column) {
  std::uint64_t length;
  std::memcpy(&length, take(sizeof length), sizeof length);
  if (length <= longest_small_value || length > core::max_value_bytes) {
    throw broken_reader("the length of a long value is none");
  }
  char* const value = batch.reserve_bytes(column, length);
  for (std::size_t done = 0; done < length;) {
    if (!has_row()) throw broken_reader("a value ends in its middle");
    const std::size_t part = std::min<std::size_t>(length - done, end_ - at_);
    std::memcpy(value + done, take(part), part);
    done += part;
  }
  if (!is_payload_of(columns_[column], {value, length})) throw broken_reader("a value is none of its column's type");
}

}  // namespace connector::reader
