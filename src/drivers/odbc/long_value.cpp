#include "drivers/odbc/long_value.hpp"

#include <algorithm>
#include <cstring>
#include <new>

namespace connector::odbc {

namespace {

constexpr std::size_t first_room = 64 * 1024;
/// A buffer beyond that is given back when its value has been used.
constexpr std::size_t kept_room = 1024 * 1024;
constexpr std::size_t growth = 4;

}  // namespace

/// realloc() moves large buffers by their pages, without copying.
void LongValue::resize(std::size_t capacity) {
  char* grown = static_cast<char*>(std::realloc(memory_.get(), capacity));
  if (grown == nullptr) throw std::bad_alloc();
  static_cast<void>(memory_.release());
  memory_.reset(grown);
  // What a driver tells the length of, but does not write, is not to be what the memory held before: it held the
  // password. Larger pieces come from the kernel.
  if (capacity == first_room) std::memset(grown, 0, capacity);
  capacity_ = capacity;
}

LongValue::Fault LongValue::read(const Reading& column, std::size_t most_bytes, const Get& get) {
  if (capacity_ < first_room || capacity_ > kept_room) resize(first_room);
  size_ = 0;
  is_null_ = false;
  std::optional<std::size_t> told;
  for (bool is_first = true;; is_first = false) {
    const std::size_t room = capacity_ - size_ - column.end_bytes;
    SQLLEN length = SQL_NTS;
    const SQLRETURN result = get(memory_.get() + size_, static_cast<SQLLEN>(capacity_ - size_), length);
    if (result == SQL_NO_DATA) {
      if (is_first && !column.has_empty_without_piece) return Fault::no_length;
      break;
    }
    if (is_first && length == SQL_NULL_DATA) {
      is_null_ = true;
      return Fault::none;
    }
    if (column.fixed_bytes > 0) {
      size_ = column.fixed_bytes;
      return length >= 0 ? Fault::none : Fault::no_length;
    }
    // A value that has come to its end has a length.
    if (length < 0 && (length != SQL_NO_TOTAL || result == SQL_SUCCESS)) return Fault::no_length;
    if (length >= 0) {
      const auto left = static_cast<std::size_t>(length);
      if (is_first) told = left;
      if (left <= room) {
        size_ += left;
        break;
      }
    }
    const std::size_t left = length < 0 ? 0 : static_cast<std::size_t>(length) - room;
    size_ += room;
    if (left > most_bytes || size_ + left > most_bytes) {
      size_ = left > most_bytes ? left : size_ + left;
      return Fault::too_large;
    }
    const std::size_t wanted = left > 0 ? size_ + left + column.end_bytes : capacity_ * growth;
    resize(std::max(std::min(wanted, capacity_ * growth), size_ + first_room));
  }
  const bool is_whole = size_ % column.unit_bytes == 0;
  return (told && *told != size_) || !is_whole ? Fault::wrong_length : Fault::none;
}

}  // namespace connector::odbc
