// From a request to a session.
#pragma once

#include <memory>

#include "core/remote/provider.hpp"
#include "drivers/hive/login.hpp"
#include "drivers/hive/session.hpp"

namespace connector::hive {

/// Resolves, checks the address, dials, logs in and opens a session. Throws Error.
std::unique_ptr<Session> connect(const core::ConnectRequest& request, const Login& login);

}  // namespace connector::hive
