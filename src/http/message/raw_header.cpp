#include "http/message/raw_header.hpp"

#include <algorithm>

#include "core/base/utf8.hpp"
#include "http/message/blanks.hpp"
#include "http/message/reply.hpp"

namespace connector::http {

namespace {

[[noreturn]] void refuse(unsigned status, const char* what) {
  throw Refusal{error_reply(status, what)};
}

bool is_token(std::string_view text) noexcept {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           others.find(c) != std::string_view::npos;
  });
}

/// Letters, digits, dots, dashes, a port and the brackets of IPv6: no commas, no user, no path.
bool is_host(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':' || c == '[' || c == ']';
  });
}

bool is_number(std::string_view text) noexcept {
  return !text.empty() && text.size() <= 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// `METHOD /path HTTP/1.1`. True for HTTP/1.1, false for 1.0.
bool check_first_line(std::string_view line) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) refuse(400, "the request has no first line of HTTP");
  const std::string_view target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(line.substr(0, first))) refuse(400, "the request has no method");
  if (!version.starts_with("HTTP/")) refuse(400, "the request has no first line of HTTP");
  if (version != "HTTP/1.1" && version != "HTTP/1.0") refuse(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  if (!target.starts_with('/')) refuse(400, "the address must be a path");
  const bool is_ascii = std::all_of(target.begin(), target.end(), [](char c) { return c > ' ' && c < '\x7f'; });
  if (!is_ascii || target.find('#') != std::string_view::npos) {
    refuse(400, "the address has characters that must be written as %XX");
  }
  return version == "HTTP/1.1";
}

/// Those of which there may be one, and what is said of a second.
struct Seen {
  bool host = false;
  bool length = false;
  bool encoding = false;
  bool authorization = false;
  bool type = false;
  bool cookie = false;
  bool token = false;
  bool origin = false;
  bool fetch_site = false;
};

void once(bool& seen, const char* complaint) {
  if (seen) refuse(400, complaint);
  seen = true;
}

void check_field(Seen& seen, std::string_view name, std::string_view value, bool is_1_1) {
  if (name == "host") {
    once(seen.host, "the request has more than one Host");
    if (!is_host(value)) refuse(400, "the Host of the request is no host");
  } else if (name == "content-length") {
    once(seen.length, "the request has more than one Content-Length");
    if (!is_number(value)) refuse(400, "the Content-Length of the request is no number");
  } else if (name == "transfer-encoding") {
    once(seen.encoding, "the request has more than one Transfer-Encoding");
    if (!is_1_1) refuse(400, "HTTP/1.0 has no Transfer-Encoding");
    if (core::lower_ascii(value) != "chunked") refuse(501, "the only Transfer-Encoding that is known here is chunked");
  } else if (name == "authorization") {
    once(seen.authorization, "the request has more than one Authorization");
  } else if (name == "content-type") {
    once(seen.type, "the request has more than one Content-Type");
  } else if (name == "cookie") {
    // Only HTTP/2 may have several.
    once(seen.cookie, "the request has more than one Cookie");
  } else if (name == "x-connector-token") {
    once(seen.token, "the request has more than one X-Connector-Token");
  } else if (name == "origin") {
    once(seen.origin, "the request has more than one Origin");
  } else if (name == "sec-fetch-site") {
    once(seen.fetch_site, "the request has more than one Sec-Fetch-Site");
  } else if (name == "content-encoding") {
    if (core::lower_ascii(value) != "identity") refuse(415, "the body must not be compressed");
  } else if (name == "expect") {
    if (core::lower_ascii(value) != "100-continue") refuse(417, "the only Expect that is known here is 100-continue");
  } else if (name == "upgrade") {
    refuse(501, "there is no other protocol to change to");
  }
}

}  // namespace

std::size_t HeaderEnd::find(std::string_view bytes) {
  while (looked_at_ < bytes.size()) {
    const char c = bytes[looked_at_];
    if (c == '\r') {
      if (looked_at_ + 1 == bytes.size()) break;
      if (bytes[looked_at_ + 1] != '\n') refuse(400, "the header has a CR without LF");
      const bool is_empty = looked_at_ == line_;
      looked_at_ += 2;
      line_ = looked_at_;
      if (!is_empty) continue;
      if (looked_at_ > max_header_bytes) break;
      return looked_at_;
    }
    if (c == '\n') refuse(400, "the header has an LF without CR");
    if ((static_cast<unsigned char>(c) < ' ' && c != '\t') || c == '\x7f') {
      refuse(400, "the header has a control character");
    }
    ++looked_at_;
  }
  if (bytes.size() > max_header_bytes) refuse(431, "the header is too long");
  return 0;
}

void check_header(std::string_view header) {
  const auto next_line = [&header] {
    const std::string_view line = header.substr(0, header.find("\r\n"));
    header.remove_prefix(std::min(line.size() + 2, header.size()));
    return line;
  };
  const bool is_1_1 = check_first_line(next_line());
  Seen seen;
  for (;;) {
    const std::string_view line = next_line();
    if (line.empty()) break;
    if (line.front() == ' ' || line.front() == '\t') refuse(400, "the header has a line that goes on on the next");
    const std::string_view name = line.substr(0, line.find(':'));
    if (name.size() == line.size() || !is_token(name)) refuse(400, "the header has a line that is no field");
    check_field(seen, core::lower_ascii(name), without_blanks(line.substr(name.size() + 1)), is_1_1);
  }
  if (is_1_1 && !seen.host) refuse(400, "the request has no Host");
  if (seen.length && seen.encoding) refuse(400, "the request has both Content-Length and Transfer-Encoding");
}

}  // namespace connector::http
