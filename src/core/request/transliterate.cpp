#include "core/request/transliterate.hpp"

#include <algorithm>
#include <iterator>
#include <optional>

#include "core/base/utf8.hpp"

namespace connector::core {

namespace {

/// Characters first..last are spelt `text`; small and capital letters alternate in Unicode and share a range.
struct Spelling {
  char32_t first;
  char32_t last;
  std::string_view text;
};

/// Ascending. Cyrillic and Greek small letters have tables of their own below.
constexpr Spelling spellings[] = {
    {0x00a0, 0x00a0, " "},
    {0x00aa, 0x00aa, "a"},
    {0x00ad, 0x00ad, ""},
    {0x00b5, 0x00b5, "u"},
    {0x00ba, 0x00ba, "o"},
    {0x00c0, 0x00c5, "a"},
    {0x00c6, 0x00c6, "ae"},
    {0x00c7, 0x00c7, "c"},
    {0x00c8, 0x00cb, "e"},
    {0x00cc, 0x00cf, "i"},
    {0x00d0, 0x00d0, "d"},
    {0x00d1, 0x00d1, "n"},
    {0x00d2, 0x00d6, "o"},
    {0x00d8, 0x00d8, "o"},
    {0x00d9, 0x00dc, "u"},
    {0x00dd, 0x00dd, "y"},
    {0x00de, 0x00de, "th"},
    {0x00df, 0x00df, "ss"},
    {0x00e0, 0x00e5, "a"},
    {0x00e6, 0x00e6, "ae"},
    {0x00e7, 0x00e7, "c"},
    {0x00e8, 0x00eb, "e"},
    {0x00ec, 0x00ef, "i"},
    {0x00f0, 0x00f0, "d"},
    {0x00f1, 0x00f1, "n"},
    {0x00f2, 0x00f6, "o"},
    {0x00f8, 0x00f8, "o"},
    {0x00f9, 0x00fc, "u"},
    {0x00fd, 0x00fd, "y"},
    {0x00fe, 0x00fe, "th"},
    {0x00ff, 0x00ff, "y"},
    // Latin Extended-A
    {0x0100, 0x0105, "a"},
    {0x0106, 0x010d, "c"},
    {0x010e, 0x0111, "d"},
    {0x0112, 0x011b, "e"},
    {0x011c, 0x0123, "g"},
    {0x0124, 0x0127, "h"},
    {0x0128, 0x0131, "i"},
    {0x0132, 0x0133, "ij"},
    {0x0134, 0x0135, "j"},
    {0x0136, 0x0137, "k"},
    {0x0138, 0x0138, "q"},
    {0x0139, 0x0142, "l"},
    {0x0143, 0x0149, "n"},
    {0x014a, 0x014b, "ng"},
    {0x014c, 0x0151, "o"},
    {0x0152, 0x0153, "oe"},
    {0x0154, 0x0159, "r"},
    {0x015a, 0x0161, "s"},
    {0x0162, 0x0167, "t"},
    {0x0168, 0x0173, "u"},
    {0x0174, 0x0175, "w"},
    {0x0176, 0x0178, "y"},
    {0x0179, 0x017e, "z"},
    {0x017f, 0x017f, "s"},
    // Latin Extended-B, the letters that languages of today use
    {0x0180, 0x0181, "b"},
    {0x0187, 0x0188, "c"},
    {0x0189, 0x018a, "d"},
    {0x018e, 0x018f, "e"},
    {0x0191, 0x0192, "f"},
    {0x0193, 0x0193, "g"},
    {0x0197, 0x0197, "i"},
    {0x0198, 0x0199, "k"},
    {0x019a, 0x019a, "l"},
    {0x019d, 0x019e, "n"},
    {0x019f, 0x01a1, "o"},
    {0x01a4, 0x01a5, "p"},
    {0x01ac, 0x01ae, "t"},
    {0x01af, 0x01b0, "u"},
    {0x01b2, 0x01b2, "v"},
    {0x01b3, 0x01b4, "y"},
    {0x01b5, 0x01b6, "z"},
    {0x01c4, 0x01c6, "dz"},
    {0x01c7, 0x01c9, "lj"},
    {0x01ca, 0x01cc, "nj"},
    {0x01cd, 0x01ce, "a"},
    {0x01cf, 0x01d0, "i"},
    {0x01d1, 0x01d2, "o"},
    {0x01d3, 0x01dc, "u"},
    {0x01dd, 0x01dd, "e"},
    {0x01de, 0x01e1, "a"},
    {0x01e2, 0x01e3, "ae"},
    {0x01e4, 0x01e7, "g"},
    {0x01e8, 0x01e9, "k"},
    {0x01ea, 0x01ed, "o"},
    {0x01f0, 0x01f0, "j"},
    {0x01f1, 0x01f3, "dz"},
    {0x01f4, 0x01f5, "g"},
    {0x01f8, 0x01f9, "n"},
    {0x01fa, 0x01fb, "a"},
    {0x01fc, 0x01fd, "ae"},
    {0x01fe, 0x01ff, "o"},
    {0x0200, 0x0203, "a"},
    {0x0204, 0x0207, "e"},
    {0x0208, 0x020b, "i"},
    {0x020c, 0x020f, "o"},
    {0x0210, 0x0213, "r"},
    {0x0214, 0x0217, "u"},
    {0x0218, 0x0219, "s"},
    {0x021a, 0x021b, "t"},
    {0x021e, 0x021f, "h"},
    {0x0226, 0x0227, "a"},
    {0x0228, 0x0229, "e"},
    {0x022a, 0x0231, "o"},
    {0x0232, 0x0233, "y"},
    {0x0253, 0x0253, "b"},
    {0x0256, 0x0257, "d"},
    {0x0259, 0x0259, "e"},
    {0x0268, 0x0268, "i"},
    {0x0300, 0x036f, ""},
    // Greek capitals with accents, and the small iota with two
    {0x0386, 0x0386, "a"},
    {0x0388, 0x0388, "e"},
    {0x0389, 0x038a, "i"},
    {0x038c, 0x038c, "o"},
    {0x038e, 0x038e, "y"},
    {0x038f, 0x038f, "o"},
    {0x0390, 0x0390, "i"},
    // Cyrillic beyond Russian, Ukrainian, Belarusian, Serbian and Macedonian
    {0x0462, 0x0463, "e"},
    {0x0472, 0x0473, "f"},
    {0x0474, 0x0475, "i"},
    {0x0490, 0x0491, "g"},
    {0x0492, 0x0493, "g"},
    {0x0496, 0x0497, "zh"},
    {0x0498, 0x0499, "z"},
    {0x049a, 0x049b, "q"},
    {0x049c, 0x049f, "k"},
    {0x04a0, 0x04a1, "q"},
    {0x04a2, 0x04a5, "ng"},
    {0x04aa, 0x04ab, "s"},
    {0x04ac, 0x04ad, "t"},
    {0x04ae, 0x04b1, "u"},
    {0x04b2, 0x04b3, "h"},
    {0x04b6, 0x04b9, "ch"},
    {0x04ba, 0x04bb, "h"},
    {0x04d0, 0x04d3, "a"},
    {0x04d4, 0x04d5, "ae"},
    {0x04d6, 0x04d7, "e"},
    {0x04d8, 0x04db, "a"},
    {0x04e2, 0x04e5, "i"},
    {0x04e6, 0x04eb, "o"},
    {0x04ee, 0x04f3, "u"},
    // Latin Extended Additional
    {0x1e00, 0x1e01, "a"},
    {0x1e02, 0x1e07, "b"},
    {0x1e08, 0x1e09, "c"},
    {0x1e0a, 0x1e13, "d"},
    {0x1e14, 0x1e1d, "e"},
    {0x1e1e, 0x1e1f, "f"},
    {0x1e20, 0x1e21, "g"},
    {0x1e22, 0x1e2b, "h"},
    {0x1e2c, 0x1e2f, "i"},
    {0x1e30, 0x1e35, "k"},
    {0x1e36, 0x1e3d, "l"},
    {0x1e3e, 0x1e43, "m"},
    {0x1e44, 0x1e4b, "n"},
    {0x1e4c, 0x1e53, "o"},
    {0x1e54, 0x1e57, "p"},
    {0x1e58, 0x1e5f, "r"},
    {0x1e60, 0x1e69, "s"},
    {0x1e6a, 0x1e71, "t"},
    {0x1e72, 0x1e7b, "u"},
    {0x1e7c, 0x1e7f, "v"},
    {0x1e80, 0x1e89, "w"},
    {0x1e8a, 0x1e8d, "x"},
    {0x1e8e, 0x1e8f, "y"},
    {0x1e90, 0x1e95, "z"},
    {0x1e96, 0x1e96, "h"},
    {0x1e97, 0x1e97, "t"},
    {0x1e98, 0x1e98, "w"},
    {0x1e99, 0x1e99, "y"},
    {0x1e9a, 0x1e9a, "a"},
    {0x1e9b, 0x1e9b, "s"},
    {0x1e9e, 0x1e9e, "ss"},
    {0x1ea0, 0x1eb7, "a"},
    {0x1eb8, 0x1ec7, "e"},
    {0x1ec8, 0x1ecb, "i"},
    {0x1ecc, 0x1ee3, "o"},
    {0x1ee4, 0x1ef1, "u"},
    {0x1ef2, 0x1ef9, "y"},
    // Spaces, and characters without a width
    {0x2000, 0x200a, " "},
    {0x200b, 0x200d, ""},
    {0x2028, 0x2029, " "},
    {0x202f, 0x202f, " "},
    {0x205f, 0x205f, " "},
    {0x2060, 0x2060, ""},
    {0x3000, 0x3000, " "},
    {0xfeff, 0xfeff, ""},
};

static_assert(std::adjacent_find(std::begin(spellings), std::end(spellings), [](const auto& a, const auto& b) {
                return a.first > a.last || a.last >= b.first;
              }) == std::end(spellings));

/// U+0430 .. U+045F, in the order of the code points; the signs ъ and ь are silent.
constexpr std::string_view cyrillic[] = {
    "a", "b",  "v",  "g",  "d",  "e",  "zh", "z",  "i",  "y",    "k",  "l", "m",  "n", "o",  "p",
    "r", "s",  "t",  "u",  "f",  "kh", "ts", "ch", "sh", "shch", "",   "y", "",   "e", "yu", "ya",
    "e", "yo", "dj", "gj", "ye", "dz", "i",  "yi", "j",  "lj",   "nj", "c", "kj", "i", "u",  "dz",
};
static_assert(std::size(cyrillic) == 0x30);

/// U+03AC .. U+03CE: four letters with accents, then the alphabet, then five more with accents.
constexpr std::string_view greek[] = {
    "a", "e", "i", "i", "y", "a", "v", "g", "d", "e",  "z",  "i", "th", "i", "k", "l", "m", "n",
    "x", "o", "p", "r", "s", "s", "t", "y", "f", "ch", "ps", "o", "i",  "y", "o", "y", "o",
};
static_assert(std::size(greek) == 0x03ce - 0x03ac + 1);

char32_t small_letter(char32_t character) {
  if (character >= 0x0410 && character <= 0x042f) return character + 0x20;  // Cyrillic
  if (character >= 0x0400 && character <= 0x040f) return character + 0x50;
  if (character >= 0x0391 && character <= 0x03ab) return character + 0x20;  // Greek
  return character;
}

/// Cyrillic letters whose mark makes another letter, not an accent: decomposed text must be spelt like composed.
char32_t composed(char32_t letter, char32_t mark) {
  constexpr char32_t diaeresis = 0x308;
  constexpr char32_t breve = 0x306;
  constexpr char32_t acute = 0x301;
  switch (small_letter(letter)) {
    case 0x0438:
      return mark == breve ? 0x0439 : 0;  // й
    case 0x0435:
      return mark == diaeresis ? 0x0451 : 0;  // ё
    case 0x0456:
      return mark == diaeresis ? 0x0457 : 0;  // ї
    case 0x0433:
      return mark == acute ? 0x0453 : 0;  // ѓ
    case 0x043a:
      return mark == acute ? 0x045c : 0;  // ќ
    default:
      return 0;
  }
}

std::optional<std::string_view> spelling(char32_t character) {
  character = small_letter(character);
  if (character >= 0x0430 && character <= 0x045f) return cyrillic[character - 0x0430];
  if (character >= 0x03ac && character <= 0x03ce) return greek[character - 0x03ac];
  const auto* found = std::upper_bound(std::begin(spellings), std::end(spellings), character,
                                       [](char32_t c, const Spelling& entry) { return c < entry.first; });
  if (found == std::begin(spellings) || character > (--found)->last) return std::nullopt;
  return found->text;
}

}  // namespace

std::string to_ascii_lower(std::string_view text, char replacement) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t position = 0; position < text.size();) {
    char32_t character = decode_utf8(text, position);
    if (character < 0x80) {
      if (character >= 'A' && character <= 'Z') character += 'a' - 'A';
      result += static_cast<char>(character);
      continue;
    }
    if (position < text.size()) {
      std::size_t behind = position;
      if (const char32_t letter = composed(character, decode_utf8(text, behind)); letter != 0) {
        character = letter;
        position = behind;
      }
    }
    if (const auto spelt = spelling(character)) {
      result += *spelt;
    } else {
      result += replacement;
    }
  }
  return result;
}

}  // namespace connector::core
