#include "drivers/mysql/charset.hpp"

#include <algorithm>
#include <cstdint>

#include <mysql.h>
#include <mariadb_ctype.h>

namespace connector::mysql {

namespace {

struct SameEncoding {
  std::string_view charset;
  std::string_view encoding;
};

/// Character sets of several bytes for a character, and PostgreSQL's name for the same bytes.
constexpr SameEncoding same_encodings[] = {
    {"big5", "BIG5"},     {"cp932", "SJIS"},   {"sjis", "SJIS"},       {"eucjpms", "EUC_JP"}, {"ujis", "EUC_JP"},
    {"gb2312", "EUC_CN"}, {"gbk", "GBK"},      {"gb18030", "GB18030"}, {"euckr", "EUC_KR"},   {"euckr", "UHC"},
    {"utf8", "UTF8"},     {"utf8mb3", "UTF8"}, {"utf8mb4", "UTF8"},
};

std::uint32_t unit16(const unsigned char* bytes, bool little_endian) {
  return little_endian ? static_cast<std::uint32_t>(bytes[1] << 8 | bytes[0])
                       : static_cast<std::uint32_t>(bytes[0] << 8 | bytes[1]);
}

void append_character(std::string& out, std::uint32_t character) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (character < 0x80) {
    byte(character);
  } else if (character < 0x800) {
    byte(0xc0 | character >> 6);
    byte(0x80 | (character & 0x3f));
  } else if (character < 0x10000) {
    byte(0xe0 | character >> 12);
    byte(0x80 | (character >> 6 & 0x3f));
    byte(0x80 | (character & 0x3f));
  } else {
    byte(0xf0 | character >> 18);
    byte(0x80 | (character >> 12 & 0x3f));
    byte(0x80 | (character >> 6 & 0x3f));
    byte(0x80 | (character & 0x3f));
  }
}

bool is_surrogate(std::uint32_t character) {
  return character >= 0xd800 && character < 0xe000;
}

bool append_utf16(std::string& out, std::string_view bytes, bool little_endian) {
  if (bytes.size() % 2 != 0) return false;
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* end = at + bytes.size();
  while (at != end) {
    std::uint32_t character = unit16(at, little_endian);
    at += 2;
    if (is_surrogate(character)) {
      if (character >= 0xdc00 || at == end) return false;
      const std::uint32_t low = unit16(at, little_endian);
      if (low < 0xdc00 || low >= 0xe000) return false;
      at += 2;
      character = 0x10000 + ((character - 0xd800) << 10) + (low - 0xdc00);
    }
    append_character(out, character);
  }
  return true;
}

bool append_utf32(std::string& out, std::string_view bytes) {
  if (bytes.size() % 4 != 0) return false;
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  for (std::size_t i = 0; i < bytes.size(); i += 4) {
    const std::uint32_t character =
        static_cast<std::uint32_t>(at[i]) << 24 | unit16(at + i + 1, false) << 8 | at[i + 3];
    if (character > 0x10ffff || is_surrogate(character)) return false;
    append_character(out, character);
  }
  return true;
}

}  // namespace

Charset charset_of_collation(unsigned number, const TextReading& reading) {
  if (reading.encoding) {
    const auto found = reading.charsets.find(number);
    return found == reading.charsets.end() ? Charset{} : found->second;
  }
  const MARIADB_CHARSET_INFO* info = mariadb_get_charset_by_nr(number);
  if (info == nullptr) return {};
  return {info->csname, info->char_maxlen};
}

TextArrival text_arrival(const Charset& charset, const std::optional<std::string>& requested) {
  if (!requested) return {};
  const std::string& name = charset.name;
  if (name == "utf8" || name == "utf8mb3" || name == "utf8mb4") return {};
  if (name == "ucs2" || name == "utf16") return {"UTF8", WideForm::utf16};
  if (name == "utf16le") return {"UTF8", WideForm::utf16le};
  if (name == "utf32") return {"UTF8", WideForm::utf32};
  if (name == "latin1" && *requested == "LATIN1") return {"WIN1252", WideForm::none};
  return {*requested, WideForm::none};
}

unsigned long max_characters(unsigned long bytes, const Charset& charset, const TextArrival& arrival) {
  if (charset.max_bytes == 0) return 0;
  const bool is_same =
      arrival.wide != WideForm::none || std::ranges::any_of(same_encodings, [&](const SameEncoding& same) {
        return same.charset == charset.name && same.encoding == arrival.encoding;
      });
  // Read as something else, each byte may be a character.
  return is_same ? bytes / charset.max_bytes : bytes;
}

bool append_utf8(std::string& out, std::string_view bytes, WideForm form) {
  if (form == WideForm::utf32) return append_utf32(out, bytes);
  return append_utf16(out, bytes, form == WideForm::utf16le);
}

}  // namespace connector::mysql
