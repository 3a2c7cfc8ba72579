// What calls share.
#pragma once

#include "http/database/pool.hpp"

namespace connector::http {

struct Services {
  const Database& database;
  Pool& pool;
  bool query_passwords = true;  ///< whether addresses may have the parameters of a connection
};

}  // namespace connector::http
