#include "drivers/hive/result_rows.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "core/rows/row_batch.hpp"
#include "drivers/hive/failure.hpp"

namespace connector::hive {

namespace {

using apache::thrift::protocol::T_BOOL;
using apache::thrift::protocol::T_BYTE;
using apache::thrift::protocol::T_DOUBLE;
using apache::thrift::protocol::T_I16;
using apache::thrift::protocol::T_I32;
using apache::thrift::protocol::T_I64;
using apache::thrift::protocol::T_LIST;
using apache::thrift::protocol::T_STOP;
using apache::thrift::protocol::T_STRING;
using apache::thrift::protocol::T_STRUCT;
using apache::thrift::protocol::TType;

/// Memory grows by as much as has arrived, at least.
constexpr std::size_t chunk_bytes = 256 * 1024;
/// Columns of a result; PostgreSQL takes 1600, and what is not selected does not come.
constexpr std::size_t max_columns = 10'000;

[[noreturn]] void malformed(std::string what) {
  throw Failure(Failure::Kind::malformed, std::move(what));
}

/// Type of the elements on the wire, and their bytes; strings have none.
struct Element {
  TType type;
  std::size_t width;
};

Element element_of(WireKind kind) {
  switch (kind) {
    case WireKind::boolean:
      return {T_BOOL, 1};
    case WireKind::int8:
      return {T_BYTE, 1};
    case WireKind::int16:
      return {T_I16, 2};
    case WireKind::int32:
      return {T_I32, 4};
    case WireKind::int64:
      return {T_I64, 8};
    case WireKind::float64:
      return {T_DOUBLE, 8};
    default:
      return {T_STRING, 0};
  }
}

/// Reads bytes as they come, so that no more memory is taken than they need.
void append_from(Transport& transport, std::size_t size, ByteStore& to) {
  while (size > 0) {
    const std::size_t part = std::min(size, chunk_bytes);
    transport.readAll(reinterpret_cast<std::uint8_t*>(to.append(part)), static_cast<std::uint32_t>(part));
    size -= part;
  }
}

template <typename Unsigned>
Unsigned big_endian(const char* bytes) noexcept {
  Unsigned value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value = static_cast<Unsigned>(value << 8 | static_cast<unsigned char>(bytes[i]));
  }
  return value;
}

template <typename Unsigned>
void append_big_endian(Unsigned value, ByteStore& to) {
  char* bytes = to.append(sizeof value);
  for (std::size_t i = 0; i < sizeof value; ++i) bytes[i] = static_cast<char>(value >> 8 * (sizeof value - 1 - i));
}

/// Calls `read(type, number)` for each field of a struct; false = skip it.
template <typename Read>
void read_struct(Protocol& protocol, Read&& read) {
  std::string name;
  TType type;
  std::int16_t number;
  for (;;) {
    protocol.readFieldBegin(name, type, number);
    if (type == T_STOP) return;
    if (!read(type, number)) protocol.skip(type);
  }
}

std::size_t list_size(Protocol& protocol, TType element, std::size_t most) {
  // Without the protocol's limit, which is for lists whose memory is taken at once.
  std::int8_t type = 0;
  std::int32_t size = 0;
  protocol.readByte(type);
  protocol.readI32(size);
  if (size < 0 || static_cast<std::size_t>(size) > most) malformed("a list in the rows has no valid size");
  if (size > 0 && type != element) malformed("a list in the rows has elements of a wrong type");
  return static_cast<std::size_t>(size);
}

}  // namespace

void ByteStore::clear() noexcept {
  size_ = 0;
  // One huge batch must not keep its memory for the rest of an import.
  if (capacity_ > 16 * chunk_bytes) {
    bytes_.reset();
    capacity_ = 0;
  }
}

char* ByteStore::append(std::size_t size) {
  if (size > capacity_ - size_) {
    const std::size_t wanted = std::max({size_ + size, capacity_ + capacity_ / 2, std::size_t{256}});
    auto bytes = std::make_unique_for_overwrite<char[]>(wanted);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = wanted;
  }
  char* to = bytes_.get() + size_;
  size_ += size;
  return to;
}

std::string_view wire_kind_name(WireKind kind) noexcept {
  constexpr std::string_view names[] = {"nothing",         "booleans", "bytes",   "16-bit integers", "32-bit integers",
                                        "64-bit integers", "doubles",  "strings", "binaries"};
  return names[static_cast<std::size_t>(kind)];
}

std::int64_t ResultColumn::integer(std::size_t row) const noexcept {
  switch (kind_) {
    case WireKind::int16:
      return static_cast<std::int16_t>(big_endian<std::uint16_t>(values_.data() + row * 2));
    case WireKind::int32:
      return static_cast<std::int32_t>(big_endian<std::uint32_t>(values_.data() + row * 4));
    case WireKind::int64:
      return static_cast<std::int64_t>(big_endian<std::uint64_t>(values_.data() + row * 8));
    default:
      return static_cast<signed char>(values_.data()[row]);
  }
}

double ResultColumn::float64(std::size_t row) const noexcept {
  return std::bit_cast<double>(big_endian<std::uint64_t>(values_.data() + row * 8));
}

void ResultColumn::clear() noexcept {
  kind_ = WireKind::none;
  rows_ = 0;
  values_.clear();
  nulls_.clear();
  ends_.clear();
}

void ResultColumn::read(Protocol& protocol, Transport& transport, std::size_t max_rows) {
  clear();
  read_struct(protocol, [&](TType type, std::int16_t number) {
    if (type != T_STRUCT || number < 1 || number > static_cast<int>(WireKind::binary)) return false;
    if (kind_ != WireKind::none) malformed("a column of the rows has values of two types");
    kind_ = static_cast<WireKind>(number);
    bool has_values = false;
    read_struct(protocol, [&](TType member_type, std::int16_t member) {
      if (member == 1 && member_type == T_LIST && !has_values) {
        has_values = true;
        read_values(protocol, transport, max_rows);
        return true;
      }
      if (member == 2 && member_type == T_STRING) {
        read_nulls(protocol, transport);
        return true;
      }
      return false;
    });
    if (!has_values) malformed("a column of the rows has no values");
    return true;
  });
  if (kind_ == WireKind::none) malformed("a column of the rows has values of no known type");
}

void ResultColumn::read_values(Protocol& protocol, Transport& transport, std::size_t max_rows) {
  const Element element = element_of(kind_);
  rows_ = list_size(protocol, element.type, max_rows);
  if (element.width > 0) {
    append_from(transport, rows_ * element.width, values_);
  } else {
    read_strings(protocol, transport);
  }
}

void ResultColumn::read_strings(Protocol& protocol, Transport& transport) {
  for (std::size_t row = 0; row < rows_; ++row) {
    std::int32_t size = 0;
    protocol.readI32(size);
    if (size < 0 || static_cast<std::size_t>(size) > core::max_value_bytes)
      malformed("a value of the server has no valid size");
    append_from(transport, static_cast<std::size_t>(size), values_);
    static_assert(max_message_bytes <= std::numeric_limits<std::uint32_t>::max());
    ends_.push_back(static_cast<std::uint32_t>(values_.size()));
  }
}

void ResultColumn::read_nulls(Protocol& protocol, Transport& transport) {
  std::int32_t size = 0;
  protocol.readI32(size);
  if (size < 0) malformed("the null flags of a column have no valid size");
  nulls_.clear();
  append_from(transport, static_cast<std::size_t>(size), nulls_);
}

void ResultColumn::add_null() {
  if (nulls_.size() <= rows_ / 8) {
    const std::size_t missing = rows_ / 8 + 1 - nulls_.size();
    std::memset(nulls_.append(missing), 0, missing);
  }
  char& bits = nulls_.data()[rows_ / 8];
  bits = static_cast<char>(bits | 1 << rows_ % 8);
}

void ResultColumn::add(const rpc::ColumnValue& value) {
  const auto begin = [&](WireKind kind, bool is_set) {
    if (kind_ != WireKind::none && kind_ != kind) malformed("a column of the rows has values of two types");
    kind_ = kind;
    if (!is_set) add_null();
  };
  const auto& has = value.__isset;
  if (has.boolVal) {
    begin(WireKind::boolean, value.boolVal.__isset.value);
    *values_.append(1) = value.boolVal.value ? 1 : 0;
  } else if (has.byteVal) {
    begin(WireKind::int8, value.byteVal.__isset.value);
    *values_.append(1) = static_cast<char>(value.byteVal.value);
  } else if (has.i16Val) {
    begin(WireKind::int16, value.i16Val.__isset.value);
    append_big_endian(static_cast<std::uint16_t>(value.i16Val.value), values_);
  } else if (has.i32Val) {
    begin(WireKind::int32, value.i32Val.__isset.value);
    append_big_endian(static_cast<std::uint32_t>(value.i32Val.value), values_);
  } else if (has.i64Val) {
    begin(WireKind::int64, value.i64Val.__isset.value);
    append_big_endian(static_cast<std::uint64_t>(value.i64Val.value), values_);
  } else if (has.doubleVal) {
    begin(WireKind::float64, value.doubleVal.__isset.value);
    append_big_endian(std::bit_cast<std::uint64_t>(value.doubleVal.value), values_);
  } else if (has.stringVal) {
    begin(WireKind::string, value.stringVal.__isset.value);
    const std::string& text = value.stringVal.value;
    if (!text.empty()) std::memcpy(values_.append(text.size()), text.data(), text.size());
    ends_.push_back(static_cast<std::uint32_t>(values_.size()));
  } else {
    malformed("a value of the rows is of no known type");
  }
  ++rows_;
}

namespace {

void read_columns(Protocol& protocol, Transport& transport, std::size_t columns, std::size_t max_rows,
                  ResultRows& rows) {
  const std::size_t count = list_size(protocol, T_STRUCT, max_columns);
  // A result without rows may come without columns.
  if (count != columns && count != 0)
    malformed("the rows have " + std::to_string(count) + " columns instead of " + std::to_string(columns));
  for (std::size_t i = 0; i < count; ++i) {
    rows.columns[i].read(protocol, transport, max_rows);
    if (rows.columns[i].rows() != rows.columns[0].rows()) malformed("the columns of the rows differ in length");
  }
  rows.rows = count == 0 ? 0 : rows.columns[0].rows();
}

void read_rows(Protocol& protocol, std::size_t columns, std::size_t max_rows, ResultRows& rows) {
  const std::size_t count = list_size(protocol, T_STRUCT, max_rows);
  rpc::Row row;
  for (std::size_t i = 0; i < count; ++i) {
    row.read(&protocol);
    if (row.colVals.size() != columns) malformed("a row has a wrong number of columns");
    for (std::size_t column = 0; column < columns; ++column) rows.columns[column].add(row.colVals[column]);
  }
  if (count > 0) rows.rows = count;
}

void read_row_set(Protocol& protocol, Transport& transport, std::size_t columns, std::size_t max_rows,
                  ResultRows& rows) {
  bool has_columns = false;
  read_struct(protocol, [&](TType type, std::int16_t number) {
    if (number == 2 && type == T_LIST && !has_columns) {
      read_rows(protocol, columns, max_rows, rows);
      return true;
    }
    if (number == 3 && type == T_LIST && !has_columns && rows.rows == 0) {
      has_columns = true;
      read_columns(protocol, transport, columns, max_rows, rows);
      return true;
    }
    if (number == 4 && type == T_STRING && !has_columns) {
      throw Failure(Failure::Kind::malformed, "the server sends rows in the form of its own tasks",
                    "Set hive.server2.thrift.resultset.serialize.in.tasks to \"false\" in \"session\".");
    }
    return false;
  });
}

}  // namespace

void read_fetch_results(Protocol& protocol, Transport& transport, std::size_t columns, std::size_t max_rows,
                        ResultRows& rows, rpc::Status& status) {
  rows.columns.resize(columns);
  for (ResultColumn& column : rows.columns) column.clear();
  rows.rows = 0;
  rows.has_more = false;
  bool has_status = false;
  read_struct(protocol, [&](TType type, std::int16_t number) {
    if (number != 0 || type != T_STRUCT) return false;  // what the call returns
    read_struct(protocol, [&](TType member_type, std::int16_t member) {
      if (member == 1 && member_type == T_STRUCT) {
        status.read(&protocol);
        has_status = true;
      } else if (member == 2 && member_type == T_BOOL) {
        protocol.readBool(rows.has_more);
      } else if (member == 3 && member_type == T_STRUCT && rows.rows == 0) {
        read_row_set(protocol, transport, columns, max_rows, rows);
      } else {
        return false;
      }
      return true;
    });
    return true;
  });
  if (!has_status) malformed("the server's answer has no status");
  rows.bytes = 0;
  for (const ResultColumn& column : rows.columns) rows.bytes += column.bytes();
}

}  // namespace connector::hive
