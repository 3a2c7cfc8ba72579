#include "http/message/uuid.hpp"

namespace connector::http {

bool is_uuid(std::string_view text) noexcept {
  bool valid = text.size() == 36;
  for (std::size_t i = 0; valid && i < text.size(); ++i) {
    const char c = text[i];
    const bool is_dash = i == 8 || i == 13 || i == 18 || i == 23;
    const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    valid = is_dash ? c == '-' : is_digit;
  }
  return valid;
}

}  // namespace connector::http
