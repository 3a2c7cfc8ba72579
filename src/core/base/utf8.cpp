#include "core/base/utf8.hpp"

namespace connector::core {

char32_t decode_utf8(std::string_view text, std::size_t& position) noexcept {
  const auto byte = [&](std::size_t offset) {
    return static_cast<unsigned char>(position + offset < text.size() ? text[position + offset] : 0);
  };
  const unsigned char first = byte(0);
  std::size_t length = 0;
  char32_t character = 0;
  char32_t least = 0;  // a longer form than needed is invalid
  if (first < 0x80) {
    ++position;
    return first;
  }
  if (first >= 0xc2 && first <= 0xdf) {
    length = 2, character = first & 0x1f, least = 0x80;
  } else if (first >= 0xe0 && first <= 0xef) {
    length = 3, character = first & 0x0f, least = 0x800;
  } else if (first >= 0xf0 && first <= 0xf4) {
    length = 4, character = first & 0x07, least = 0x10000;
  }
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) length = 0;
    character = (character << 6) | (byte(i) & 0x3f);
  }
  if (length == 0 || character < least || character > 0x10ffff || (character >= 0xd800 && character <= 0xdfff)) {
    ++position;
    return invalid_utf8;
  }
  position += length;
  return character;
}

std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes) noexcept {
  if (text.size() <= max_bytes) return text;
  // A character has at most three continuation bytes; more of them are no UTF-8, and are cut anywhere.
  std::size_t end = max_bytes;
  for (int i = 0; i < 3 && end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80; ++i) --end;
  if ((static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) end = max_bytes;
  return text.substr(0, end);
}

std::string shown_text(std::string_view text, std::size_t max_bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  const std::string_view kept = truncate_utf8(text, max_bytes);
  std::string result;
  result.reserve(kept.size() + 3);
  for (std::size_t position = 0; position < kept.size();) {
    const std::size_t start = position;
    const char32_t character = decode_utf8(kept, position);
    // Control characters of ASCII and of Latin-1 could disturb a terminal or a log.
    if (character == invalid_utf8 || character < 0x20 || (character >= 0x7f && character < 0xa0)) {
      for (std::size_t i = start; i < position; ++i) {
        const auto byte = static_cast<unsigned char>(kept[i]);
        result += "\\x";
        result += digits[byte >> 4];
        result += digits[byte & 15];
      }
    } else {
      result += kept.substr(start, position - start);
    }
  }
  if (kept.size() < text.size()) result += "...";
  return result;
}

std::string quoted(std::string_view text, std::size_t max_bytes) {
  return '"' + shown_text(text, max_bytes) + '"';
}

bool is_text(std::string_view bytes) noexcept {
  for (std::size_t at = 0; at < bytes.size();) {
    if (bytes[at] == '\0' || decode_utf8(bytes, at) == invalid_utf8) return false;
  }
  return true;
}

std::string lower_ascii(std::string_view text) {
  std::string result(text);
  for (char& character : result) {
    if (character >= 'A' && character <= 'Z') character = static_cast<char>(character - 'A' + 'a');
  }
  return result;
}

}  // namespace connector::core
