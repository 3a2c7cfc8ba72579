// Which database the program stands before.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace connector::http {

/// A conninfo, taken apart.
struct Database {
  std::vector<std::pair<std::string, std::string>> options;  ///< all but user, password and passfile
  std::string user;      ///< the program's own role, which reads sealed keys and listens; empty: none
  std::string password;  ///< of that role
  std::string passfile;  ///< likewise
};

/// Takes a conninfo or URI apart. Throws std::runtime_error with the words of libpq.
Database read_conninfo(const std::string& conninfo);

/// Removes all variables by which libpq would take something that nobody asked for (PGPASSWORD, PGSERVICE, …).
void clear_libpq_environment();

}  // namespace connector::http
