#include "http/message/reply.hpp"

namespace connector::http {

Reply json_reply(const Json& body, unsigned status) {
  return {.status = status, .body = body.dump(-1, ' ', false, Json::error_handler_t::replace)};
}

Reply error_reply(unsigned status, const Json& errors) {
  return json_reply({{"errors", errors}}, status);
}

}  // namespace connector::http
