#include "drivers/hive/connect.hpp"

#include "core/remote/connect_session.hpp"

namespace connector::hive {

std::unique_ptr<Session> connect(const core::ConnectRequest& request, const Login& login) {
  const auto dial = [&](const core::Address& address, core::Deadline until) {
    return std::make_unique<Session>(login, address, request.wait, until);
  };
  return core::connect_session(request, "hive", login, dial);
}

}  // namespace connector::hive
