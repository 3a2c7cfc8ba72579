#include "drivers/mysql/tls.hpp"

#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <mysql.h>
#include <errmsg.h>
#include <ma_pvio.h>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"

namespace connector::mysql {

namespace {

/// The first members of MARIADB_TLS, of 3.3 and 3.4 alike; ma_tls.h can't be included everywhere, 3.4's includes a
/// header that is not installed.
struct TlsChannel {
  void* data;
  MARIADB_PVIO* pvio;
  SSL* ssl;
};

void set_flag(MYSQL* handle, mysql_option option, bool value) {
  const my_bool flag = value ? 1 : 0;
  mysql_optionsv(handle, option, &flag);
}

void set_file(MYSQL* handle, mysql_option option, const std::string& file, std::string_view parameter) {
  if (file.empty()) return;
  if (access(file.c_str(), R_OK) != 0) {
    throw core::Error(
        core::ErrorNumber::cannot_connect,
        std::string(parameter) + ": could not read file " + core::quoted(file) + ": " + std::strerror(errno),
        "Provider mysql, phase connect.", "The account that the database server runs as must be able to read the file.")
        .with_parameter("connection." + std::string(parameter));
  }
  mysql_optionsv(handle, option, file.c_str());
}

/// The trusted certificates that OpenSSL was built to look for: a file, a folder, or both.
void set_system_store(MYSQL* handle) {
  const char* file = X509_get_default_cert_file();
  const char* folder = X509_get_default_cert_dir();
  const bool has_file = access(file, R_OK) == 0;
  const bool has_folder = access(folder, R_OK | X_OK) == 0;
  if (has_file) mysql_optionsv(handle, MYSQL_OPT_SSL_CA, file);
  if (has_folder) mysql_optionsv(handle, MYSQL_OPT_SSL_CAPATH, folder);
  if (has_file || has_folder) return;
  throw core::Error(core::ErrorNumber::cannot_connect, "this server has no store of trusted certificates",
                    "Provider mysql, phase connect.", "Set sslrootcert to the file of the certificate authority.")
      .with_parameter("connection.sslrootcert");
}

#if MARIADB_PACKAGE_VERSION_ID >= 30400
/// From 3.4 on the library leaves verification to a callback; its own skips the name for loopback addresses and heeds
/// an environment variable. The chain's result is OpenSSL's.
template <bool compare_name>
int verify_server(TlsChannel* tls, unsigned) {
  MYSQL* handle = tls->pvio->mysql;
  const char* failure = nullptr;
  X509* certificate = SSL_get1_peer_certificate(tls->ssl);
  if (certificate == nullptr) {
    failure = "the server sent no certificate";
  } else if (const long result = SSL_get_verify_result(tls->ssl); result != X509_V_OK) {
    failure = X509_verify_cert_error_string(result);
  } else if (compare_name && X509_check_host(certificate, handle->host, 0, 0, nullptr) != 1 &&
             X509_check_ip_asc(certificate, handle->host, 0) != 1) {
    failure = "the certificate is not made out to the server's name";
  }
  X509_free(certificate);
  if (failure == nullptr) {
    handle->net.tls_verify_status = 0;
    return 0;
  }
  tls->pvio->set_error(handle, CR_SSL_CONNECTION_ERROR, "HY000", "TLS/SSL error: %s", failure);
  return 1;
}
#endif

}  // namespace

void set_tls_options(MYSQL* handle, const Login& login) {
  set_flag(handle, MYSQL_OPT_SSL_ENFORCE, login.tls_mode != TlsMode::disable);
  set_flag(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, login.requires_tls());
  if (login.tls_mode == TlsMode::disable) return;
  set_file(handle, MYSQL_OPT_SSL_CERT, login.certificate, "sslcert");
  set_file(handle, MYSQL_OPT_SSL_KEY, login.key, "sslkey");
  if (login.tls_mode < TlsMode::verify_ca) return;
  if (login.root_certificate.empty()) {
    set_system_store(handle);
  } else {
    set_file(handle, MYSQL_OPT_SSL_CA, login.root_certificate, "sslrootcert");
  }
#if MARIADB_PACKAGE_VERSION_ID >= 30400
  mysql_optionsv(handle, MARIADB_OPT_TLS_VERIFICATION_CALLBACK,
                 login.tls_mode == TlsMode::verify_full ? &verify_server<true> : &verify_server<false>);
#endif
}

bool tls_wants_to_write(const MYSQL* handle) noexcept {
  if (handle->net.pvio == nullptr || handle->net.pvio->ctls == nullptr) return false;
  const auto* tls = reinterpret_cast<const TlsChannel*>(handle->net.pvio->ctls);
  return tls->ssl != nullptr && SSL_want(tls->ssl) == SSL_WRITING;
}

void prepare_handshake(MYSQL* handle, const Login& login) {
  // send_client_reply_packet() has by now masked the client's flags with what the server can do.
  if ((handle->client_flag & CLIENT_SSL) == 0) return;
  // The library hands OpenSSL a blocking socket: a silent server could not be left.
  const int socket = static_cast<int>(mysql_get_socket(handle));
  fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK);
  // Only the comparison of names reads mysql->host; without memory it stays null, and the comparison fails.
  std::free(handle->host);
  handle->host = strdup(login.server.c_str());
#if MARIADB_PACKAGE_VERSION_ID >= 30400
  const bool verify = login.tls_mode >= TlsMode::verify_ca;  // by verify_server()
#else
  const bool verify = login.tls_mode == TlsMode::verify_full;
#endif
  set_flag(handle, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, verify);
}

}  // namespace connector::mysql
