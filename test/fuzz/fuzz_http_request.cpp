// Requests of any bytes: what we look at ourselves, before Beast or beside it. Whatever is refused is a Refusal, and
// what is taken means one thing only.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "core/base/utf8.hpp"
#include "http/message/base64.hpp"
#include "http/message/credentials.hpp"
#include "http/message/entity_tag.hpp"
#include "http/message/forwarded.hpp"
#include "http/message/raw_header.hpp"
#include "http/message/reply.hpp"
#include "http/message/session_cookie.hpp"
#include "http/message/target.hpp"
#include "http/server/beast.hpp"

namespace {

using namespace connector::http;
namespace core = connector::core;
using Parser = beast::http::request_parser<beast::http::string_body>;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

/// The end of a header is found in one piece and byte by byte in the same way.
std::size_t header_length(std::string_view bytes) {
  std::size_t whole = 0;
  bool refused = false;
  try {
    whole = HeaderEnd().find(bytes);
  } catch (const Refusal&) {
    refused = true;
  }
  std::size_t piecewise = 0;
  bool refused_piecewise = false;
  try {
    HeaderEnd end;
    for (std::size_t i = 1; i <= bytes.size() && piecewise == 0; ++i) piecewise = end.find(bytes.substr(0, i));
  } catch (const Refusal&) {
    refused_piecewise = true;
  }
  require(refused == refused_piecewise && whole == piecewise, "pieces do not matter");
  require(whole <= max_header_bytes, "a header is bounded");
  return whole;
}

void require_text(const Parameters& parameters) {
  for (const auto& [name, value] : parameters) {
    require(core::is_text(name) && core::is_text(value), "a parameter is text");
  }
}

/// Beast, which reads the header after us, sees what we saw.
void read_header(std::string_view header) {
  check_header(header);
  Parser parser;
  parser.header_limit(2 * max_header_bytes);
  error_code error;
  parser.put(asio::buffer(header.data(), header.size()), error);
  if (error && error != beast::http::error::need_more) return;
  const Parser::value_type& message = parser.get();
  require(message.count(beast::http::field::content_length) + message.count(beast::http::field::transfer_encoding) <= 1,
          "a body has one length");
  require(message.count(beast::http::field::host) <= 1, "there is one host");
  const beast::string_view seen = message.target();
  const std::string_view text(seen.data(), seen.size());
  const std::size_t first = header.find(' ');
  require(text == header.substr(first + 1, header.find(' ', first + 1) - first - 1), "the target is the same");
  const Target target = read_target(text);
  require_text(target.query);
  for (const std::string& segment : target.path) {
    require(core::is_text(segment) && !segment.empty() && segment != "." && segment != "..", "a segment is a name");
  }
  Request request;
  request.path_user = target.path_user;
  request.query = target.query;
  request.host = std::string(message[beast::http::field::host].data(), message[beast::http::field::host].size());
  if (message.count(beast::http::field::authorization) != 0) {
    const beast::string_view value = message[beast::http::field::authorization];
    request.authorization = std::string(value.data(), value.size());
  }
  if (message.count(beast::http::field::cookie) != 0) {
    const beast::string_view value = message[beast::http::field::cookie];
    request.cookie = std::string(value.data(), value.size());
    request.token = "token";
    request.is_secure = true;
  }
  const Credentials credentials = read_credentials(request, true);
  require(credentials.key.empty() != credentials.sessions.empty(), "there is a key or a session");
  require(core::is_text(credentials.key), "a key is text");
  require(!credentials.user || (!credentials.user->empty() && core::is_text(*credentials.user)), "a user is text");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try {
    const std::size_t length = header_length(bytes);
    if (length > 0) read_header(bytes.substr(0, length));
  } catch (const Refusal& refusal) {
    require(refusal.reply.status >= 400 && refusal.reply.status < 600, "a refusal has a status");
  }
  for (const std::string& value : cookie_values(bytes, "a")) {
    require(bytes.find(value) != std::string_view::npos && value.find(';') == std::string::npos,
            "a cookie's value is a part of its header");
    require(cookie_values("a=" + value, "a") == std::vector<std::string>{value}, "a cookie can be read again");
  }
  require(!names_tag(bytes, "\"a\"") || bytes.find('*') != std::string_view::npos ||
              bytes.find("\"a\"") != std::string_view::npos,
          "a tag is named, or all are");
  const std::string forwarded = forwarded_address(bytes);
  require(forwarded.empty() || forwarded_address(forwarded) == forwarded, "an address stays what it is");
  const std::optional<std::string> decoded = base64_decoded(bytes);
  if (decoded) require(base64_decoded(base64url(*decoded)) == decoded, "base64 can be read again");
  require(base64_decoded(base64url(bytes)) == std::string(bytes), "base64 keeps all bytes");
  const std::optional<std::string> user = user_of_host(bytes);
  require(!user || core::lower_ascii(bytes).starts_with(*user + "."), "the user is the first label, in lower case");
  return 0;
}
