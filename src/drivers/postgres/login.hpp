// What it takes to log in to a server, typed and checked.
#pragma once

#include <chrono>
#include <string>

namespace connector::postgres {

struct Login {
  std::string server;  ///< as the request names it: what the certificate must be made out to
  int port = 5432;
  std::string username;
  std::string password;
  std::string database;
  std::string tls_mode;          ///< `sslmode` in libpq's words
  std::string root_certificate;  ///< file; empty = the system's store
  std::string certificate;       ///< file; empty = none
  std::string key;               ///< file
  std::string application_name;
  std::chrono::seconds statement_timeout{0};
  bool trusted = false;

  bool requires_tls() const noexcept { return tls_mode != "disable" && tls_mode != "prefer"; }
  bool verifies_certificate() const noexcept { return tls_mode.starts_with("verify-"); }
};

}  // namespace connector::postgres
