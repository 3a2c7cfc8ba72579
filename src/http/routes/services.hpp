// What calls share.
#pragma once

#include "http/database/pool.hpp"

namespace connector::http {

struct Services {
  const Database& database;
  Pool& pool;
};

}  // namespace connector::http
