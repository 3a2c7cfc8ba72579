// From a server's name to a session that is ready for use.
#pragma once

#include <memory>

#include "core/remote/provider.hpp"
#include "drivers/mysql/session.hpp"

namespace connector::mysql {

/// Resolves the server's name, checks the addresses, dials those that may be dialled one after the other, and sets
/// the session up.
std::unique_ptr<Session> connect(const core::ConnectRequest& request, const Login& login);

/// The statement that sets a session up (one round trip): the part of a SET behind the keyword.
std::string session_settings(const ServerVersion& version, std::chrono::seconds statement_timeout);

}  // namespace connector::mysql
