// Which port an instance of a server listens on.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/net/address_rules.hpp"
#include "core/net/wait.hpp"

namespace connector::sqlserver {

/// Asks the browser service of the server at `address`, UDP port 1434, again and again until `deadline`; only answers
/// of that address count. Throws Error (cannot_connect, timed_out). `server` is for messages.
int instance_port(const std::string& server, const std::string& instance, const core::Address& address,
                  core::Wait& wait, core::Deadline deadline);

/// The TCP port in an answer of the service about `instance`; nothing if it is none ([MS-SQLR], SVR_RESP: 0x05, a
/// length of two bytes, `name;value;` pairs).
std::optional<int> port_of_answer(std::string_view answer, std::string_view instance);

}  // namespace connector::sqlserver
