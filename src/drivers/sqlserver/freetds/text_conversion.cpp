#include "drivers/sqlserver/freetds/text_conversion.hpp"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <new>
#include <string_view>
#include <vector>

namespace connector::sqlserver {

namespace {

constexpr auto failed = static_cast<std::size_t>(-1);

/// What is not ASCII, in eight bytes and in four units of UTF-16.
constexpr std::uint64_t above_ascii = 0x8080808080808080;
constexpr std::uint64_t above_ascii_units = 0xff80ff80ff80ff80;

std::uint64_t load(const char* from) noexcept {
  std::uint64_t word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

void advance(TextPosition& text, std::size_t from, std::size_t to) noexcept {
  text.from += from;
  text.from_left -= from;
  text.to += to;
  text.to_left -= to;
}

void write_invalid(TextPosition& text, std::size_t from) noexcept {
  *text.to = invalid_character;
  text.has_invalid = true;
  advance(text, from, 1);
}

/// An incomplete character at the end: more may follow, but not if it is all that there is.
std::size_t end_incomplete(TextPosition& text, bool is_all) noexcept {
  if (!is_all) {
    errno = EINVAL;
    return failed;
  }
  write_invalid(text, text.from_left);
  return 0;
}

std::size_t too_big() noexcept {
  errno = E2BIG;
  return failed;
}

void copy_ascii_units(TextPosition& text) noexcept {
  if constexpr (std::endian::native != std::endian::little) return;
  while (text.from_left >= 8 && text.to_left >= 4) {
    std::uint64_t units = load(text.from);
    if ((units & above_ascii_units) != 0) return;
    units = (units | units >> 8) & 0x0000ffff0000ffff;
    const auto bytes = static_cast<std::uint32_t>(units | units >> 16);
    std::memcpy(text.to, &bytes, sizeof bytes);
    advance(text, 8, 4);
  }
}

void copy_ascii(TextPosition& text) noexcept {
  while (text.from_left >= 8 && text.to_left >= 8) {
    const std::uint64_t bytes = load(text.from);
    if ((bytes & above_ascii) != 0) break;
    std::memcpy(text.to, &bytes, sizeof bytes);
    advance(text, 8, 8);
  }
  while (text.from_left > 0 && text.to_left > 0 && (*text.from & 0x80) == 0) {
    *text.to = *text.from;
    advance(text, 1, 1);
  }
}

std::uint32_t unit_at(const char* from) noexcept {
  return static_cast<unsigned char>(from[0]) | static_cast<std::uint32_t>(static_cast<unsigned char>(from[1])) << 8;
}

/// False if there is no room.
bool write_character(TextPosition& text, std::uint32_t character, std::size_t from) noexcept {
  const std::size_t size = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
  if (text.to_left < size) return false;
  if (size == 1) {
    *text.to = static_cast<char>(character);
  } else {
    static constexpr unsigned char first_byte[] = {0xc0, 0xe0, 0xf0};
    for (std::size_t i = size - 1; i > 0; --i, character >>= 6) {
      text.to[i] = static_cast<char>(0x80 | (character & 0x3f));
    }
    text.to[0] = static_cast<char>(first_byte[size - 2] | character);
  }
  advance(text, from, size);
  return true;
}

struct KnownSource {
  std::string_view name;
  TextSource source;
};

/// FreeTDS's names (src/tds/encodings.h).
constexpr KnownSource known_sources[] = {
    {"UTF-16LE", TextSource::utf16},     {"UCS-2LE", TextSource::utf16},      {"CP437", TextSource::single_byte},
    {"CP850", TextSource::single_byte},  {"CP874", TextSource::single_byte},  {"CP932", TextSource::double_byte},
    {"CP936", TextSource::double_byte},  {"CP949", TextSource::double_byte},  {"CP950", TextSource::double_byte},
    {"CP1250", TextSource::single_byte}, {"CP1251", TextSource::single_byte}, {"CP1252", TextSource::single_byte},
    {"CP1253", TextSource::single_byte}, {"CP1254", TextSource::single_byte}, {"CP1255", TextSource::composing},
    {"CP1256", TextSource::single_byte}, {"CP1257", TextSource::single_byte}, {"CP1258", TextSource::composing},
};

/// A character of one byte is in the Basic Multilingual Plane.
constexpr std::size_t max_utf8_of_code_page = 3;

/// How many of the bytes, of which the first is not ASCII, iconv() gets at once.
std::size_t piece_for_iconv(TextSource source, const TextPosition& text) noexcept {
  // The server does not compose, and iconv() has nothing to compose that gets one at a time.
  if (source == TextSource::composing) return 1;
  // What follows a first byte may look like ASCII.
  if (source == TextSource::double_byte) return text.from_left;
  const char* const end = text.from + text.from_left;
  return static_cast<std::size_t>(std::find_if(text.from, end, [](char c) { return (c & 0x80) == 0; }) - text.from);
}

/// A conversion to UTF-8 that the library has opened.
struct Conversion {
  iconv_t handle;
  TextSource source;
};

/// Those that are open: few for each connection.
std::vector<Conversion>& conversions() {
  static std::vector<Conversion> open;
  return open;
}

Conversion* find(iconv_t handle) noexcept {
  auto& open = conversions();
  const auto found =
      std::find_if(open.begin(), open.end(), [=](const Conversion& conversion) { return conversion.handle == handle; });
  return found == open.end() ? nullptr : &*found;
}

}  // namespace

std::size_t convert_utf16(TextPosition& text) noexcept {
  const char* const begin = text.from;
  for (;;) {
    copy_ascii_units(text);
    if (text.from_left < 2) break;
    std::uint32_t character = unit_at(text.from);
    std::size_t size = 2;
    if (character >= 0xd800 && character <= 0xdfff) {
      const bool is_high = character < 0xdc00;
      if (is_high && text.from_left < 4) break;
      const std::uint32_t low = is_high ? unit_at(text.from + 2) : 0;
      if (low < 0xdc00 || low > 0xdfff) {
        if (text.to_left == 0) return too_big();
        write_invalid(text, 2);
        continue;
      }
      character = 0x10000 + ((character - 0xd800) << 10) + (low - 0xdc00);
      size = 4;
    }
    if (!write_character(text, character, size)) return too_big();
  }
  if (text.from_left == 0) return 0;
  if (text.to_left == 0) return too_big();
  return end_incomplete(text, text.from == begin);
}

std::size_t convert_code_page(iconv_t by, TextSource source, TextPosition& text) noexcept {
  const char* const begin = text.from;
  for (;;) {
    copy_ascii(text);
    if (text.from_left == 0) return 0;
    // What is composed comes out at the end, when it is too late to do without.
    if (text.to_left < (source == TextSource::composing ? max_utf8_of_code_page : 1)) return too_big();
    const std::size_t piece = piece_for_iconv(source, text);
    std::size_t left = piece;
    char* from = const_cast<char*>(text.from);
    const std::size_t result = iconv(by, &from, &left, &text.to, &text.to_left);
    text.from += piece - left;
    text.from_left -= piece - left;
    if (result != failed) {
      if (source == TextSource::composing) iconv(by, nullptr, nullptr, &text.to, &text.to_left);
      continue;
    }
    if (errno == EINVAL) return end_incomplete(text, text.from == begin);
    if (errno != EILSEQ) return failed;
    const auto byte = static_cast<unsigned char>(*text.from);
    // Windows, and so the server, makes control characters of the bytes that a code page leaves free below 0xa0
    // (Unicode, "Windows best fit" tables: 0x81 of 1252 is U+0081).
    if (source != TextSource::double_byte && byte < 0xa0) {
      if (!write_character(text, byte, 1)) return too_big();
    } else {
      if (text.to_left == 0) return too_big();
      write_invalid(text, 1);
    }
  }
}

iconv_t open_conversion(const char* to, const char* from) {
  const iconv_t handle = iconv_open(to, from);
  if (handle == reinterpret_cast<iconv_t>(-1) || std::string_view(to) != "UTF-8") return handle;
  const auto found = std::find_if(std::begin(known_sources), std::end(known_sources),
                                  [=](const KnownSource& source) { return source.name == from; });
  if (found == std::end(known_sources)) return handle;
  try {
    conversions().push_back({handle, found->source});
  } catch (const std::bad_alloc&) {  // the library's way does it as well
  }
  return handle;
}

std::size_t convert(iconv_t conversion, char** from, std::size_t* from_left, char** to, std::size_t* to_left,
                    bool& has_invalid) noexcept {
  const Conversion* known = find(conversion);
  if (known == nullptr) return iconv(conversion, from, from_left, to, to_left);
  if (from == nullptr || *from == nullptr) return 0;  // to begin anew: these conversions keep no state
  TextPosition text{*from, *from_left, *to, *to_left};
  const std::size_t result =
      known->source == TextSource::utf16 ? convert_utf16(text) : convert_code_page(conversion, known->source, text);
  *from = const_cast<char*>(text.from);
  *from_left = text.from_left;
  *to = text.to;
  *to_left = text.to_left;
  has_invalid = text.has_invalid;
  return result;
}

int close_conversion(iconv_t conversion) noexcept {
  if (const Conversion* known = find(conversion)) {
    auto& open = conversions();
    open.erase(open.begin() + (known - open.data()));
  }
  return iconv_close(conversion);
}

}  // namespace connector::sqlserver
