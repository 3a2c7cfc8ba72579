#include "drivers/postgres/conninfo.hpp"

#include <memory>
#include <new>
#include <string_view>

#include <libpq-fe.h>
#include <openssl/x509.h>
#include <unistd.h>

#include "core/base/error.hpp"

namespace connector::postgres {

namespace {

/// For files: libpq goes without one that does not exist (stat() gives ENOTDIR here), while an empty name would mean
/// the one in the home folder (fe-secure-openssl.c, initialize_SSL(); fe-connect.c, connectOptions2()).
constexpr const char* no_file = "/dev/null/none";

/// The trusted certificates of the system, in one file: where OpenSSL was built to look, and where Debian, Fedora and
/// Alpine, openSUSE, and older Red Hat systems keep them. (libpq knows the system's store by itself from 16 on, but
/// only for verify-full.)
std::string system_store() {
  for (const char* file : {X509_get_default_cert_file(), "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem",
                           "/etc/ssl/ca-bundle.pem", "/etc/pki/tls/certs/ca-bundle.crt"}) {
    if (access(file, R_OK) == 0) return file;
  }
  throw core::Error(core::ErrorNumber::cannot_connect, "this server has no store of trusted certificates",
                    "Provider postgres, phase connect.", "Set sslrootcert to the file of the certificate authority.")
      .with_parameter("connection.sslrootcert");
}

std::string root_certificate(const Login& login) {
  if (!login.root_certificate.empty()) return login.root_certificate;
  return login.verifies_certificate() ? system_store() : no_file;
}

struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};
using Options = std::unique_ptr<PQconninfoOption, FreeOptions>;

/// The keywords that the library knows: more with every version. Parsing an empty string gives the list without any
/// look at the environment.
Options library_keywords() {
  Options options(PQconninfoParse("", nullptr));
  if (!options) throw std::bad_alloc();
  return options;
}

}  // namespace

Keywords connection_keywords(const Login& login, const core::Address& address) {
  Keywords keywords = {
      {"host", login.server},  // for the certificate only: hostaddr is what is dialled
      {"hostaddr", address.text()},
      {"port", std::to_string(login.port)},
      {"dbname", login.database},
      {"user", login.username},
      {"password", login.password},
      {"passfile", no_file},
      {"options", ""},
      {"application_name", login.application_name},
      {"client_encoding", "UTF8"},
      {"connect_timeout", "0"},  // the deadline is ours
      {"sslmode", std::string(core::tls_mode_words.of(login.tls_mode))},
      {"sslrootcert", root_certificate(login)},
      {"sslcert", login.certificate.empty() ? no_file : login.certificate},
      {"sslkey", login.key.empty() ? no_file : login.key},
      {"sslcrl", no_file},
      {"sslcrldir", ""},
      {"gssencmode", "disable"},
      {"target_session_attrs", "any"},
      // A dead peer is noticed after about two minutes.
      {"keepalives", "1"},
      {"keepalives_idle", "60"},
      {"keepalives_interval", "10"},
      {"keepalives_count", "6"},
  };
  if (!login.trusted) {
    // The database server's own Kerberos ticket is not for everybody: for this service there is none to be had.
    keywords["krbsrvname"] = "none";
    const Options options = library_keywords();
    for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
      // From libpq 16 on.
      if (option->keyword == std::string_view("require_auth")) keywords["require_auth"] = password_methods;
    }
  }
  return keywords;
}

std::string connection_string(const Keywords& keywords) {
  std::string text;
  for (const auto& [keyword, value] : keywords) {
    text += keyword + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    }
    text += "' ";
  }
  return text;
}

std::vector<const char*> environment_variables() {
  // These belong to no keyword: they say where services are found, and are an old word for PGSSLMODE.
  std::vector<const char*> names = {"PGSERVICE", "PGSERVICEFILE", "PGSYSCONFDIR", "PGREQUIRESSL"};
  const Options options = library_keywords();
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->envvar != nullptr) names.push_back(option->envvar);  // a constant of the library's
  }
  return names;
}

}  // namespace connector::postgres
