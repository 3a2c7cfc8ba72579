#include "core/base/letter_case.hpp"

#include <clocale>
#include <cwctype>

#include "core/base/utf8.hpp"

namespace connector::core {

namespace {

/// Unicode's rules, without those of a language. Null if the system does not have them: then only ASCII is converted.
locale_t neutral_locale() {
  static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return locale;
}

void append_utf8(std::string& text, char32_t character) {
  const auto byte = [&](char32_t bits) { text += static_cast<char>(bits); };
  if (character < 0x80) {
    byte(character);
    return;
  }
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

}  // namespace

std::string lower_case(std::string_view text) {
  const locale_t locale = neutral_locale();
  std::string result;
  for (std::size_t position = 0; position < text.size();) {
    const std::size_t start = position;
    const char32_t character = decode_utf8(text, position);
    if (character < 0x80) {
      result += static_cast<char>(character >= 'A' && character <= 'Z' ? character + ('a' - 'A') : character);
    } else if (character == invalid_utf8 || locale == nullptr) {
      result += text.substr(start, position - start);
    } else {
      append_utf8(result, static_cast<char32_t>(towlower_l(static_cast<wint_t>(character), locale)));
    }
  }
  return result;
}

}  // namespace connector::core
