// Letters of other alphabets in plain ASCII, for names.
#pragma once

#include <string>
#include <string_view>

namespace connector::core {

/// `text` in lower-case ASCII: accents are dropped (also combining ones), Latin ligatures, Cyrillic and Greek are
/// spelt out, Unicode's spaces become a plain one. Every other character that is not ASCII, and every invalid byte,
/// becomes `replacement`.
std::string to_ascii_lower(std::string_view text, char replacement);

}  // namespace connector::core
