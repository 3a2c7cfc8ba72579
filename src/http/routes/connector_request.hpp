// Requests for a look at a remote database.
#pragma once

#include <string>
#include <string_view>

#include "http/message/request.hpp"

namespace connector::http {

/// The connector of the body, bare or as the member `connector`, as text for SQL; the provider is added where it has
/// none. Throws Refusal (422) if it names another one than the path.
std::string connector_of_body(const Request& request, std::string_view provider);

/// The connector that the parameters of the address make: all of them are of the connection, but for those whose names
/// are keys of the request by `info`, what cdb_connector_info() says of the provider. `api_key`, `client` and `limit`
/// are none of the connector's. Throws Refusal (422) as connector_of_body().
std::string connector_of_query(const Request& request, std::string_view provider, const std::string& info);

}  // namespace connector::http
