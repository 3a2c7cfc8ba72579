#include "drivers/odbc/wide_text.hpp"

#include <cstddef>
#include <optional>

#include "core/base/utf8.hpp"

namespace connector::odbc {

namespace {

constexpr char32_t replacement = 0xfffd;

void append_utf8(std::string& text, char32_t character) {
  const auto byte = [&](char32_t value) { text += static_cast<char>(static_cast<unsigned char>(value)); };
  if (character < 0x80) return byte(character);
  if (character < 0x800) {
    byte(0xc0 | character >> 6);
  } else {
    if (character < 0x10000) {
      byte(0xe0 | character >> 12);
    } else {
      byte(0xf0 | character >> 18);
      byte(0x80 | (character >> 12 & 0x3f));
    }
    byte(0x80 | (character >> 6 & 0x3f));
  }
  byte(0x80 | (character & 0x3f));
}

/// Its bytes, if it has no character beyond U+00FF.
std::optional<std::string> latin1_bytes(std::string_view text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    const char32_t character = core::decode_utf8(text, at);
    if (character > 0xff) return std::nullopt;
    bytes += static_cast<char>(static_cast<unsigned char>(character));
  }
  return bytes;
}

}  // namespace

std::vector<SQLWCHAR> wide_text(std::string_view text) {
  std::vector<SQLWCHAR> units;
  units.reserve(text.size() + 1);
  for (std::size_t at = 0; at < text.size();) {
    char32_t character = core::decode_utf8(text, at);
    if (character == core::invalid_utf8) character = replacement;
    if (character >= 0x10000) {
      character -= 0x10000;
      units.push_back(static_cast<SQLWCHAR>(0xd800 | character >> 10));
      character = 0xdc00 | (character & 0x3ff);
    }
    units.push_back(static_cast<SQLWCHAR>(character));
  }
  units.push_back(0);
  return units;
}

std::string narrow_text(std::span<const SQLWCHAR> text) {
  std::string bytes;
  for (std::size_t at = 0; at < text.size(); ++at) {
    char32_t character = text[at];
    const bool is_first = character >= 0xd800 && character < 0xdc00;
    if (is_first && at + 1 < text.size() && text[at + 1] >= 0xdc00 && text[at + 1] < 0xe000) {
      character = 0x10000 + ((character & 0x3ff) << 10) + (text[++at] & 0x3ffu);
    } else if (character >= 0xd800 && character < 0xe000) {
      character = replacement;
    }
    append_utf8(bytes, character);
  }
  return bytes;
}

std::string valid_text(std::string_view text) {
  std::string valid;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t begin = at;
    const char32_t character = core::decode_utf8(text, at);
    append_utf8(valid, character == core::invalid_utf8 ? static_cast<unsigned char>(text[begin]) : character);
  }
  return valid;
}

std::string repaired_text(const std::string& text) {
  const std::optional<std::string> bytes = latin1_bytes(text);
  return bytes && core::is_text(*bytes) ? *bytes : text;
}

}  // namespace connector::odbc
