#include "http/message/reply.hpp"

namespace connector::http {

Reply json_reply(const Json& body, unsigned status) {
  return {.status = status, .body = body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

Reply error_reply(unsigned status, const Json& errors) {
  return json_reply({{"errors", errors}}, status);
}

void add_limit_headers(Reply& reply, const std::string& limit, std::chrono::seconds wait) {
  const std::string seconds = std::to_string(wait.count());
  reply.headers.emplace_back("Retry-After", seconds);
  reply.headers.emplace_back("Carto-Rate-Limit-Limit", limit);
  reply.headers.emplace_back("Carto-Rate-Limit-Remaining", "0");
  reply.headers.emplace_back("Carto-Rate-Limit-Reset", seconds);
}

}  // namespace connector::http
