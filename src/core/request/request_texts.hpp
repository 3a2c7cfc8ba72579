// What a request reads, in words for people: views, progress and the server's log show them.
#pragma once

#include <string>

#include "core/request/connector_spec.hpp"

namespace connector::core {

/// These texts are no longer than this, in bytes.
inline constexpr std::size_t max_request_text = 200;

/// The foreign server's name, or the remote server as it was given, with its port if that was given: "db1:3307".
std::string server_text(const ConnectorSpec& spec);

/// The table, with its schema if that was given ("shop.orders"), or the beginning of the query, in one line.
std::string source_text(const ConnectorSpec& spec);

}  // namespace connector::core
