#include "http/routes/health.hpp"

namespace connector::http {

namespace {

Task<Reply> health(Call& /*call*/) {
  co_return Reply{.body = "ok\n", .content_type = "text/plain; charset=utf-8"};
}

}  // namespace

std::vector<Route> health_routes() {
  return {{.method = Method::get,
           .path = "/healthz",
           .operation = "health",
           .summary = "That the program runs",
           .handler = health,
           .for_everybody = true,
           .answers = {{200, "It runs", {}, "text/plain"}}}};
}

}  // namespace connector::http
