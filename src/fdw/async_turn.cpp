#include "fdw/async_turn.hpp"

#include <algorithm>
#include <vector>

#include "fdw/connections.hpp"

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

/// Whether the Append goes on with it. After a rescan it may have no use for a scan that it had begun before, as
/// partitions are chosen anew: then neither is set.
bool is_gone_on_with(const AsyncRequest& request) noexcept {
  return request.callback_pending || request.request_complete;
}

}  // namespace

AsyncTurn::AsyncTurn(Oid server, const AsyncRequest* request) : server_(server), request_(request) {
  turns().push_back({server, request});
}

AsyncTurn::~AsyncTurn() {
  std::erase_if(turns(), [this](const Turn& turn) { return turn.request == request_ && turn.server == server_; });
}

bool AsyncTurn::is_free(Oid server, const AsyncRequest* request) noexcept {
  const auto is_of_server = [=](const Turn& turn) { return turn.server == server; };
  const auto is_waited_for = [=](const Turn& turn) {
    return is_of_server(turn) && turn.request->requestor == request->requestor && is_gone_on_with(*turn.request);
  };
  const auto count = static_cast<std::size_t>(std::ranges::count_if(turns(), is_of_server));
  return count < usual_connections || std::ranges::none_of(turns(), is_waited_for);
}

}  // namespace connector::fdw
