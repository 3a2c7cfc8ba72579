// Base64 of either alphabet (RFC 4648), by OpenSSL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace connector::http {

/// The bytes of `text`, with or without padding, of the ordinary alphabet or that for URLs; nothing for anything else.
std::optional<std::string> base64_decoded(std::string_view text);

/// `bytes` in the alphabet for URLs, without padding.
std::string base64url(std::string_view bytes);

}  // namespace connector::http
