#include "http/routes/notices.hpp"

#include <algorithm>
#include <string_view>

namespace connector::http {

namespace {

// A proxy may allow no more than 4 kB for all headers of an answer.
constexpr std::size_t most_headers = 5;
constexpr std::size_t longest_header = 300;

constexpr std::string_view blanks = " \t\r\n";

bool is_object(const Reply& reply) {
  return reply.content_type.starts_with("application/json") && reply.body.starts_with('{');
}

void add_member(std::string& body, const std::vector<std::string>& notices) {
  const std::size_t end = body.rfind('}');
  const bool is_empty = body.find_first_not_of(blanks, 1) == end;
  const std::string list = Json(notices).dump(-1, ' ', false, Json::error_handler_t::replace);
  body.replace(end, std::string::npos, (is_empty ? "\"notices\":" : ",\"notices\":") + list + '}');
}

std::string header_text(std::string_view notice) {
  std::string text(notice.substr(0, std::min(notice.find('\n'), longest_header)));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace

void add_notices(Reply& reply, const std::vector<std::string>& notices) {
  if (notices.empty() || reply.status >= 300) return;
  if (is_object(reply)) return add_member(reply.body, notices);
  for (std::size_t i = 0; i < std::min(notices.size(), most_headers); ++i) {
    reply.headers.emplace_back("Connector-Notice", header_text(notices[i]));
  }
}

}  // namespace connector::http
