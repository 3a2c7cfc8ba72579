#include "drivers/odbc/unicode_value.hpp"

#include <cstdint>
#include <cstring>
#include <optional>

namespace connector::odbc {

namespace {

/// UTF-16, in memory of any alignment.
class Units {
 public:
  explicit Units(std::string_view bytes) noexcept : bytes_(bytes.data()), size_(bytes.size() / sizeof(char16_t)) {}
  std::size_t size() const noexcept { return size_; }
  char16_t operator[](std::size_t at) const noexcept {
    char16_t unit;
    std::memcpy(&unit, bytes_ + at * sizeof unit, sizeof unit);
    return unit;
  }

  /// How many units from `at` on are ASCII for sure: a multiple of four.
  std::size_t ascii_from(std::size_t at) const noexcept {
    constexpr std::uint64_t others = 0xff80ff80ff80ff80;
    const std::size_t begin = at;
    for (; size_ - at >= 4; at += 4) {
      std::uint64_t four;
      std::memcpy(&four, bytes_ + at * sizeof(char16_t), sizeof four);
      if ((four & others) != 0) break;
    }
    return at - begin;
  }

 private:
  const char* bytes_;
  std::size_t size_;
};

bool is_high_surrogate(char16_t unit) noexcept {
  return unit >= 0xd800 && unit < 0xdc00;
}

bool is_low_surrogate(char16_t unit) noexcept {
  return unit >= 0xdc00 && unit < 0xe000;
}

/// Bytes that it takes in UTF-8; nothing if it is no valid UTF-16.
std::optional<std::size_t> utf8_bytes(const Units& units) noexcept {
  std::size_t bytes = 0;
  for (std::size_t at = 0; at < units.size(); ++at) {
    const std::size_t ascii = units.ascii_from(at);
    bytes += ascii;
    at += ascii;
    if (at == units.size()) break;
    const char16_t unit = units[at];
    if (unit < 0x80) {
      bytes += 1;
    } else if (unit < 0x800) {
      bytes += 2;
    } else if (is_high_surrogate(unit)) {
      if (++at == units.size() || !is_low_surrogate(units[at])) return std::nullopt;
      bytes += 4;
    } else if (is_low_surrogate(unit)) {
      return std::nullopt;
    } else {
      bytes += 3;
    }
  }
  return bytes;
}

/// Valid UTF-16 only; as many bytes as utf8_bytes() said.
void write_utf8(const Units& units, char* to) noexcept {
  const auto put = [&to](char32_t byte) { *to++ = static_cast<char>(static_cast<unsigned char>(byte)); };
  for (std::size_t at = 0; at < units.size(); ++at) {
    for (const std::size_t end = at + units.ascii_from(at); at < end; ++at) put(units[at]);
    if (at == units.size()) return;
    char32_t character = units[at];
    if (character < 0x80) {
      put(character);
      continue;
    }
    if (character < 0x800) {
      put(0xc0 | character >> 6);
    } else if (is_high_surrogate(units[at])) {
      character = 0x10000 + ((character & 0x3ff) << 10) + (units[++at] & 0x3ffu);
      put(0xf0 | character >> 18);
      put(0x80 | (character >> 12 & 0x3f));
      put(0x80 | (character >> 6 & 0x3f));
    } else {
      put(0xe0 | character >> 12);
      put(0x80 | (character >> 6 & 0x3f));
    }
    put(0x80 | (character & 0x3f));
  }
}

}  // namespace

void set_wide_text(core::RowBatch& batch, std::size_t column, std::string_view bytes) {
  const Units units(bytes);
  const auto size = utf8_bytes(units);
  if (!size || bytes.size() % sizeof(char16_t) != 0) {
    return batch.set_invalid(column, "text of the driver is not valid UTF-16", bytes, core::ErrorNumber::encoding);
  }
  write_utf8(units, batch.reserve_bytes(column, *size));
}

}  // namespace connector::odbc
