#include "http/server/tls_files.hpp"

#include <openssl/ssl.h>

#include <stdexcept>

namespace connector::http {

TlsContext read_tls_files(const std::string& certificate, const std::string& key) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Of TLS 1.2 what has forward secrecy and authenticates what it encrypts; of 1.3 all has.
  if (SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1) {
    throw std::runtime_error("OpenSSL has none of the ciphers that are asked for");
  }
  // Without this OpenSSL would ask for a passphrase at the terminal.
  context->set_password_callback([](std::size_t, asio::ssl::context::password_purpose) { return std::string(); });
  const auto check = [](const error_code& error, const char* what, const std::string& file) {
    if (error) throw std::runtime_error(std::string("can't use ") + what + " " + file + ": " + error.message());
  };
  error_code error;
  context->use_certificate_chain_file(certificate, error);
  check(error, "the certificate", certificate);
  context->use_private_key_file(key, asio::ssl::context::pem, error);
  check(error, "the key", key);
  if (SSL_CTX_check_private_key(native) != 1) {
    throw std::runtime_error("the key " + key + " is not that of the certificate " + certificate);
  }
  return context;
}

}  // namespace connector::http
