#include "drivers/mysql/library.hpp"

#include <csignal>
#include <mysql.h>

#include "core/base/error.hpp"
#include "core/base/hidden_environment.hpp"

namespace connector::mysql {

namespace {

constexpr const char* variables[] = {
    "LIBMYSQL_PLUGINS", "MARIADB_PLUGIN_DIR", "MARIADB_HOME",
    "MYSQL_HOME",       "MYSQL_PWD",          "MYSQL_TCP_PORT",
    "MYSQL_UNIX_PORT",  "MARIADB_UNIX_PORT",  "MARIADB_TLS_DISABLE_PEER_VERIFICATION",
};

bool initialize() {
  const core::HiddenEnvironment environment(variables);
  // Threads that the library or OpenSSL might start inherit the mask; mysql_server_init() sets SIGPIPE to be ignored
  // (mariadb_lib.c, ignore_sigpipe()), which a backend does anyway.
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool done = mysql_server_init(0, nullptr, nullptr) == 0;
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return done;
}

}  // namespace

std::span<const char* const> environment_variables() noexcept {
  return variables;
}

void initialize_library() {
  static const bool initialized = initialize();
  if (!initialized) throw core::Error(core::ErrorNumber::unknown, "could not initialize the MariaDB client library");
}

std::string library_version() {
  const unsigned long version = mysql_get_client_version();  // 30319
  return "MariaDB Connector/C " + std::to_string(version / 10000) + '.' + std::to_string(version / 100 % 100) + '.' +
         std::to_string(version % 100);
}

}  // namespace connector::mysql
