// One connection of a client: requests are read, answered and kept alive until an end.
#pragma once

#include "http/asio.hpp"
#include "http/routes/services.hpp"
#include "http/server/settings.hpp"

namespace connector::http {

/// Serves requests until the client or a limit ends the connection.
Task<> serve(asio::ip::tcp::socket socket, const Settings& settings, Services& services);

}  // namespace connector::http
