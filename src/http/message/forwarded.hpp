// Where a request comes from, if it came through a proxy.
#pragma once

#include <string>
#include <string_view>

namespace connector::http {

/// The address of the client that a proxy speaks for: the last one in X-Forwarded-For, which is what the proxy itself
/// has seen; all before it may be an invention of the client. Empty if that is no address.
std::string forwarded_address(std::string_view x_forwarded_for);

/// Whether X-Forwarded-Proto says that the client's connection to the proxy has TLS: the last value, likewise.
bool forwarded_by_tls(std::string_view x_forwarded_proto);

}  // namespace connector::http
