// The header of a request as it came, looked at before a parser that is more lenient reads it: whatever two programs on
// the way of a request could read in two ways is refused.
#pragma once

#include <cstddef>
#include <string_view>

namespace connector::http {

/// A header that is longer than this is refused.
constexpr std::size_t max_header_bytes = 16 * 1024;

/// Looks for the end of a header in bytes that come piece by piece.
class HeaderEnd {
 public:
  /// `bytes` are all that came since the beginning of the request. The length of the header with its empty line, or 0
  /// as long as that has not come. Throws Refusal: 400 for a CR or LF alone, or another control character, as soon as
  /// it is there; 431 for a header that is too long.
  std::size_t find(std::string_view bytes);

 private:
  std::size_t looked_at_ = 0;
  std::size_t line_ = 0;  // where the last line begins
};

/// Checks a header as HeaderEnd has found it. Throws Refusal:
/// - 400 for lines that are none of HTTP/1.0 or 1.1, a folded line, blanks around a name, a target that is no path, a
///   Host that is missing, not the only one or no host, more than one Content-Length, Transfer-Encoding,
///   Authorization, Content-Type, Cookie, X-Connector-Token, Origin or Sec-Fetch-Site, a Content-Length that is no
///   number, or one beside a Transfer-Encoding;
/// - 415 for a Content-Encoding, 417 for an Expect other than 100-continue, 501 for an Upgrade or a Transfer-Encoding
///   other than chunked, 505 for another version.
void check_header(std::string_view header);

}  // namespace connector::http
