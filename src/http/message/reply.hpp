// An answer as routes make it; the server adds what all answers have.
#pragma once

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace connector::http {

/// Members in the order in which they were added, as clients have seen them for years.
using Json = nlohmann::ordered_json;

struct Reply {
  unsigned status = 200;
  std::string body{};  ///< empty: none, and no content type
  std::string content_type = "application/json; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers{};
};

Reply json_reply(const Json& body, unsigned status = 200);

/// `{"errors": …}`, as the original answers.
Reply error_reply(unsigned status, const Json& errors);

/// The headers of a 429: how many there may be, and after what time it is worth while to ask again. Clients of the
/// original want all four of them or none.
void add_limit_headers(Reply& reply, const std::string& limit, std::chrono::seconds wait);

/// Thrown by whatever can't go on: the answer to the request.
struct Refusal {
  Reply reply;
};

}  // namespace connector::http
