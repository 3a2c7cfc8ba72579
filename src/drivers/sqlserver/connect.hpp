// From a server's name to a session that is ready for use.
#pragma once

#include <memory>

#include "core/remote/provider.hpp"
#include "drivers/sqlserver/session.hpp"

namespace connector::sqlserver {

/// Resolves the server's name, checks the addresses, dials those that may be dialled one after the other, and sets
/// the session up.
std::unique_ptr<Session> connect(const core::ConnectRequest& request, const Login& login);

}  // namespace connector::sqlserver
