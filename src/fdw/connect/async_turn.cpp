#include "fdw/connect/async_turn.hpp"

#include <algorithm>
#include <vector>

#include "fdw/connect/connections.hpp"

namespace connector::fdw {

namespace {

struct Turn {
  Oid server;
  const AsyncRequest* request;
};

/// All of the session.
std::vector<Turn>& turns() {
  static auto& all = *new std::vector<Turn>;
  return all;
}

}  // namespace

AsyncTurn::AsyncTurn(Oid server, const AsyncRequest* request) : server_(server), request_(request) {
  turns().push_back({server, request});
}

AsyncTurn::~AsyncTurn() {
  std::erase_if(turns(), [this](const Turn& turn) { return turn.request == request_ && turn.server == server_; });
}

bool AsyncTurn::is_free(Oid server) noexcept {
  const auto count = std::ranges::count(turns(), server, &Turn::server);
  return static_cast<std::size_t>(count) < usual_connections;
}

bool AsyncTurn::is_needed(Oid server, const AsyncRequest& request) noexcept {
  return std::ranges::none_of(turns(), [&](const Turn& turn) {
    return turn.server == server && turn.request->requestor == request.requestor && turn.request->callback_pending;
  });
}

}  // namespace connector::fdw
