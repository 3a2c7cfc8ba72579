// Failures of the server and of FreeTDS, as the connector's errors.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"
#include "drivers/sqlserver/login.hpp"
#include "drivers/sqlserver/freetds/messages.hpp"

namespace connector::sqlserver {

/// How far a connection had come when it failed.
enum class Stage { network, prelogin, login };

core::Error connect_error(const Login& login, int port, Stage stage, const Messages& messages);
core::Error connect_timeout_error(const Login& login, std::string_view while_doing);
/// `summary` says what could not be done.
core::Error statement_error(core::Phase phase, std::string_view summary, const Messages& messages);
/// The library gave up in the middle of a call; `assertion` is what it had relied on.
core::Error library_error(std::string_view assertion);
/// Throws the error for what no server should send.
[[noreturn]] void throw_malformed(std::string_view what);

}  // namespace connector::sqlserver
