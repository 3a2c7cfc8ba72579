// Names that are the same but for upper and lower case, in any alphabet.
#pragma once

#include <string>
#include <string_view>

namespace connector::core {

/// UTF-8 text in lower case, character by character, whatever the process's locale is. Bytes that are no valid
/// character stay.
std::string lower_case(std::string_view text);

/// Whether two names differ at most in case.
inline bool same_but_for_case(std::string_view a, std::string_view b) {
  return lower_case(a) == lower_case(b);
}

}  // namespace connector::core
