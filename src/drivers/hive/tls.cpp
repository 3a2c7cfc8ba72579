#include "drivers/hive/tls.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "core/net/address_rules.hpp"

namespace connector::hive {

namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
};
struct FreeTls {
  void operator()(SSL* tls) const noexcept { SSL_free(tls); }
};

/// The oldest reason in the queue, which is the one that counts; empty if there is none.
std::string queued_reason() {
  const unsigned long code = ERR_get_error();
  if (code == 0) return {};
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

core::Error file_error(std::string_view parameter, const std::string& file, const std::string& reason) {
  return core::Error(
      core::ErrorNumber::cannot_connect,
      std::string(parameter) + ": could not use file " + core::quoted(file) + (reason.empty() ? "" : ": " + reason),
      "Provider hive, phase connect.", "The account that the database server runs as must be able to read the file.");
}

void check_readable(std::string_view parameter, const std::string& file) {
  if (access(file.c_str(), R_OK) != 0) throw file_error(parameter, file, std::strerror(errno));
}

void load_certificate(SSL_CTX* context, const Login& login) {
  if (login.certificate.empty()) return;
  check_readable("sslcert", login.certificate);
  check_readable("sslkey", login.key);
  if (SSL_CTX_use_certificate_chain_file(context, login.certificate.c_str()) != 1) {
    throw file_error("sslcert", login.certificate, queued_reason());
  }
  if (SSL_CTX_use_PrivateKey_file(context, login.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context) != 1) {
    throw file_error("sslkey", login.key, queued_reason());
  }
}

void load_trusted(SSL_CTX* context, const Login& login) {
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  if (login.root_certificate.empty()) {
    SSL_CTX_set_default_verify_paths(context);
    return;
  }
  check_readable("sslrootcert", login.root_certificate);
  if (SSL_CTX_load_verify_locations(context, login.root_certificate.c_str(), nullptr) != 1) {
    throw file_error("sslrootcert", login.root_certificate, queued_reason());
  }
}

void set_server_name(SSL* tls, const Login& login) {
  const auto address = core::parse_address(login.server);
  if (!address) SSL_set_tlsext_host_name(tls, login.server.c_str());
  if (login.tls_mode != TlsMode::verify_full) return;
  X509_VERIFY_PARAM* verification = SSL_get0_param(tls);
  const int result = address ? X509_VERIFY_PARAM_set1_ip(verification, address->bytes, address->byte_count())
                             : X509_VERIFY_PARAM_set1_host(verification, login.server.c_str(), 0);
  if (result != 1) throw std::bad_alloc();
}

}  // namespace

SSL* new_tls(const Login& login, int socket) {
  const std::unique_ptr<SSL_CTX, FreeContext> context(SSL_CTX_new(TLS_client_method()));
  if (!context) throw std::bad_alloc();
  clear_tls_errors();
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // Java closes connections without the alert that says so.
  SSL_CTX_set_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
  load_certificate(context.get(), login);
  if (login.tls_mode >= TlsMode::verify_ca) load_trusted(context.get(), login);
  std::unique_ptr<SSL, FreeTls> tls(SSL_new(context.get()));
  if (!tls || SSL_set_fd(tls.get(), socket) != 1) throw std::bad_alloc();
  set_server_name(tls.get(), login);
  return tls.release();
}

void clear_tls_errors() {
  ERR_clear_error();
  errno = 0;
}

std::string tls_failure(const SSL* tls) {
  const int system_error = errno;
  const bool verifies = SSL_get_verify_mode(tls) != SSL_VERIFY_NONE;  // else the result is there, and means nothing
  if (const long result = SSL_get_verify_result(tls); verifies && result != X509_V_OK && ERR_peek_error() != 0) {
    return std::string("the server's certificate was refused: ") + X509_verify_cert_error_string(result);
  }
  if (const std::string reason = queued_reason(); !reason.empty()) return "TLS: " + reason;
  return system_error != 0 ? std::strerror(system_error) : "the server closed the connection during the TLS handshake";
}

std::string tls_hint(const Login& login, const SSL* tls) {
  if (login.tls_mode >= TlsMode::verify_ca && SSL_get_verify_result(tls) != X509_V_OK) {
    return "sslmode verify-ca and verify-full need a certificate that sslrootcert, or else the system's store of "
           "certificates, vouches for; verify-full also needs it made out to the server's name.";
  }
  return "The server may not use TLS (hive.server2.use.SSL): then set sslmode to \"disable\".";
}

bool tls_ended(const SSL* tls, int result) {
  const int error = SSL_get_error(tls, result);
  return error == SSL_ERROR_ZERO_RETURN ||
         (error == SSL_ERROR_SYSCALL && ERR_peek_error() == 0 && (errno == 0 || errno == ECONNRESET));
}

}  // namespace connector::hive
