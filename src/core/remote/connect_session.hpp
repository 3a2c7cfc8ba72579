// From a server's name to a session that is ready for use: the way that all drivers go.
#pragma once

#include <chrono>
#include <string_view>
#include <vector>

#include "core/net/dial.hpp"
#include "core/remote/login_options.hpp"

namespace connector::core {

/// Resolves the server's name, checks the addresses, and dials those that may be dialled one after the other:
/// `dial(address, deadline)` makes a session, or throws UnreachableError where another address may do better (see
/// dial_in_turn()). Then `set_up(session)`, within the same deadline: all has the request's connect_timeout. Calls of
/// the session behind that are bounded by no deadline.
template <typename Dial, typename SetUp>
auto connect_session(const ConnectRequest& request, std::string_view provider, const LoginOptions& login, Dial&& dial,
                     SetUp&& set_up) {
  const Deadline deadline = std::chrono::steady_clock::now() + request.connect_timeout;
  const std::vector<Address> addresses =
      resolve_allowed(provider, login.server, login.port, request.address_rules, request.wait, deadline);
  auto session = dial_in_turn(addresses, deadline, dial);
  session->set_deadline(deadline);
  set_up(*session);
  session->set_deadline(no_deadline);
  return session;
}

/// The same for sessions that need no setting up.
template <typename Dial>
auto connect_session(const ConnectRequest& request, std::string_view provider, const LoginOptions& login, Dial&& dial) {
  return connect_session(request, provider, login, dial, [](const auto&) {});
}

}  // namespace connector::core
