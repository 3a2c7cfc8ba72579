// TLS as sslmode asks for it, out of what libmariadb has (facts: libmariadb 3.3 and 3.4 source).
//
// The library has no such modes; it has "use TLS" (MYSQL_OPT_SSL_ENFORCE, which in spite of its name falls back to
// plain text where the server offers no TLS: plugins/auth/my_auth.c, send_client_reply_packet()) and "verify the
// server" (MYSQL_OPT_SSL_VERIFY_SERVER_CERT), which also refuses servers without TLS, and which compares the
// certificate with mysql->host: the numeric address that we dial, not the server's name. So:
//  - every mode from `require` up starts with verification switched on, so that a server without TLS is refused;
//  - at the SSLRequest packet, which goes out after that check and before the TLS handshake, the name is put in the
//    place of the address, and verification is switched off again for the modes that do not compare names;
//  - the chain is checked by OpenSSL itself in the handshake wherever a CA is set (SSL_VERIFY_PEER), that is for the
//    verify modes, and credentials follow the handshake.
#pragma once

#include "drivers/mysql/login.hpp"

struct st_mysql;

namespace connector::mysql {

/// Sets the options of a handle that is not connected yet. Throws Error (cannot_connect) if no store of trusted
/// certificates can be found.
void set_tls_options(st_mysql* handle, const Login& login);

/// True if OpenSSL waits to write, on a connection that uses it. The library's hook for waits says "read" then, too
/// (secure/openssl.c, ma_tls_write()).
bool tls_wants_to_write(const st_mysql* handle) noexcept;

/// To be called when the first packet of a handshake has been sent: the SSLRequest, or, without TLS, the login itself.
void prepare_handshake(st_mysql* handle, const Login& login);

}  // namespace connector::mysql
