#include "drivers/hive/connect.hpp"

#include <chrono>
#include <vector>

#include "core/net/dial.hpp"

namespace connector::hive {

std::unique_ptr<Session> connect(const core::ConnectRequest& request, const Login& login) {
  const core::Deadline deadline = std::chrono::steady_clock::now() + request.connect_timeout;
  const std::vector<core::Address> addresses =
      core::resolve_allowed("hive", login.server, login.port, request.address_rules, request.wait, deadline);
  auto session = core::dial_in_turn(addresses, deadline, [&](const core::Address& address, core::Deadline until) {
    return std::make_unique<Session>(login, address, request.wait, until);
  });
  session->set_deadline(core::no_deadline);
  return session;
}

}  // namespace connector::hive
