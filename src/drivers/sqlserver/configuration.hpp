// The file of settings that FreeTDS reads for one login.
#pragma once

#include <string>

#include "drivers/sqlserver/login.hpp"

namespace connector::sqlserver {

/// What FreeTDS 1.3 takes from such a file only: port, encryption and the check of certificates (src/tds/config.c,
/// tds_parse_conf_section()). The section has the server's name, so that no other file is looked at.
std::string configuration_text(const Login& login, int port, const std::string& root_certificate);

/// Such a file, mode 0600, in a folder of its own, mode 0700. It holds no password. Both go with the object.
class Configuration {
 public:
  /// Throws Error if the folder of temporary files, or the file of sslrootcert, can't be used.
  Configuration(const Login& login, int port);
  ~Configuration();
  Configuration(const Configuration&) = delete;
  Configuration& operator=(const Configuration&) = delete;

  const std::string& file() const noexcept { return file_; }

 private:
  void remove() noexcept;

  std::string folder_;
  std::string file_;
  std::string certificate_;  ///< link to the file of sslrootcert, whose own name FreeTDS might not be able to read
};

}  // namespace connector::sqlserver
