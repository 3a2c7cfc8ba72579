// Conversion of the server's texts to UTF-8, in place of iconv(), which FreeTDS calls for each value.
//
// It is faster: nearly all of nearly every text is ASCII. And a character that can't be converted is kept, as a byte
// that stands in no UTF-8, where FreeTDS would put a question mark and tell neither column nor character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iconv.h>

namespace connector::sqlserver {

/// What stands for a character that can't be converted.
inline constexpr char invalid_character = '\xff';

/// What the server's texts are encoded in.
enum class TextSource : std::uint8_t {
  utf16,        ///< little-endian
  single_byte,  ///< code pages of Windows
  composing,    ///< those of which iconv() composes letters and accents
  double_byte,  ///< those of Chinese, Japanese and Korean
};

/// Where a conversion stands: as the arguments of iconv().
struct TextPosition {
  const char* from = nullptr;
  std::size_t from_left = 0;
  char* to = nullptr;
  std::size_t to_left = 0;
  bool has_invalid = false;  ///< an invalid_character was written
};

/// Converts UTF-16, little-endian. Result and errno as of iconv(), except that nothing is an invalid sequence: 0,
/// or -1 with E2BIG, or with EINVAL if an incomplete character is left. One that is all there is counts as invalid.
std::size_t convert_utf16(TextPosition& text) noexcept;

/// Converts text of one of Windows' code pages, which contain ASCII, by iconv(). Result as above.
std::size_t convert_code_page(iconv_t by, TextSource source, TextPosition& text) noexcept;

// iconv_open(), iconv() and iconv_close() for the library. `has_invalid` is set if an invalid_character was written.
iconv_t open_conversion(const char* to, const char* from);
std::size_t convert(iconv_t conversion, char** from, std::size_t* from_left, char** to, std::size_t* to_left,
                    bool& has_invalid) noexcept;
int close_conversion(iconv_t conversion) noexcept;

}  // namespace connector::sqlserver
