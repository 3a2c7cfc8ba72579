// UTF-8 as far as names and messages need it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace connector::core {

/// What decode_utf8() returns for a byte that starts no valid character.
inline constexpr char32_t invalid_utf8 = 0xffffffff;

/// The character at `position` (which must be inside `text`), and moves `position` behind it. A byte that starts no
/// valid character (overlong forms, surrogates and values beyond U+10FFFF included) is passed alone, as invalid_utf8.
char32_t decode_utf8(std::string_view text, std::size_t& position) noexcept;

/// The longest prefix of at most `max_bytes` bytes that ends at a character.
std::string_view truncate_utf8(std::string_view text, std::size_t max_bytes) noexcept;

/// `text` fit to stand in a message: control characters and invalid bytes as `\xNN`, cut at a character to
/// `max_bytes` bytes of the text, followed by `...` then.
std::string shown_text(std::string_view text, std::size_t max_bytes = 100);

/// shown_text() in double quotes, as names stand in PostgreSQL's messages.
std::string quoted(std::string_view text, std::size_t max_bytes = 100);

/// Whether PostgreSQL can store it as text: valid UTF-8 without a NUL.
bool is_text(std::string_view bytes) noexcept;

/// ASCII lower case; other bytes stay.
std::string lower_ascii(std::string_view text);

}  // namespace connector::core
