// Which database the program stands before.
#pragma once

#include <memory>
#include <string>

#include "http/database/host_addresses.hpp"
#include "http/database/servers.hpp"

namespace connector::http {

/// A conninfo, taken apart.
struct Database {
  ConninfoOptions options;     ///< all but user, password and passfile
  std::string user;            ///< the program's own role, which reads sealed keys and listens; empty: none
  std::string password;        ///< of that role
  std::string passfile;        ///< likewise
  bool has_name = false;       ///< dbname is given; else libpq takes the role's name, which a caller chooses
  bool says_password = false;  ///< the text itself has a password, not only the service that it names
  std::shared_ptr<HostAddresses> addresses = std::make_shared<HostAddresses>();  ///< of the hosts in `options`
};

/// Takes a conninfo or URI apart, with the service that it names. Throws std::runtime_error with the words of libpq.
/// The environment must have been cleared (clear_libpq_environment()).
Database read_conninfo(const std::string& conninfo);

/// Removes all variables by which libpq would take something that nobody asked for (PGPASSWORD, PGSERVICE, …).
void clear_libpq_environment();

}  // namespace connector::http
