// What a server needs for TLS, from files.
#pragma once

#include <string>

#include "http/server/client_stream.hpp"

namespace connector::http {

/// TLS 1.2 and later, with a certificate and the chain behind it, and its key without a passphrase, both PEM. Throws
/// std::runtime_error with the file and what is wrong with it.
TlsContext read_tls_files(const std::string& certificate, const std::string& key);

}  // namespace connector::http
