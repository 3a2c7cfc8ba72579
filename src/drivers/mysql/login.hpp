// What it takes to log in to a server, typed.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/remote/connection_options.hpp"

namespace connector::mysql {

using core::TlsMode;

struct Login {
  std::string server;  ///< as the request names it: what the certificate must be made out to
  int port = 3306;
  std::string username;
  std::string password;
  std::string database;  ///< empty = none
  TlsMode tls_mode = TlsMode::prefer;
  std::string root_certificate;  ///< file; empty = the system's store
  std::string certificate;       ///< file; empty = none
  std::string key;               ///< file
  std::optional<std::chrono::seconds> connect_timeout;
  bool compression = false;
  std::string application_name;
};

/// Reads checked options whose defaults are filled in.
Login read_login(const core::ConnectionOptions& options, std::string_view application_name);

}  // namespace connector::mysql
