// One connection of a client: requests are read, answered and kept alive until an end.
#pragma once

#include "http/routes/services.hpp"
#include "http/server/client_stream.hpp"
#include "http/server/clients.hpp"
#include "http/server/settings.hpp"

namespace connector::http {

/// Serves requests until the client or a limit ends the connection, with TLS if there is a context. Where there are too
/// many connections it is closed, after a 503.
Task<> serve(asio::ip::tcp::socket socket, TlsContext tls, const Settings& settings, Services& services,
             Clients& clients);

}  // namespace connector::http
