// TLS as sslmode asks for it, by OpenSSL.
#pragma once

#include <openssl/types.h>

#include <string>

#include "drivers/hive/login.hpp"

namespace connector::hive {

/// A client's side of TLS on a connected socket, before its handshake. Throws core::Error (cannot_connect) if a file
/// of the request can't be used.
SSL* new_tls(const Login& login, int socket);

/// To be called before a call of OpenSSL whose result is asked for.
void clear_tls_errors();

/// Why the last call failed, for messages.
std::string tls_failure(const SSL* tls);

/// What may help if a handshake has failed.
std::string tls_hint(const Login& login, const SSL* tls);

/// True if a read ended because the server closed the connection, with or without saying so in TLS.
bool tls_ended(const SSL* tls, int result);

}  // namespace connector::hive
