// Starting the worker of an import where no scheduler does: the library is not in shared_preload_libraries.
#pragma once

#include "pg/postgres.hpp"

#include <string>

namespace connector::jobs {

/// What the worker of one import is told.
struct ImportStart {
  Oid database;
  Oid role;
  TransactionId transaction;
  char id[37];
};

/// Starts a worker for a queued import of the current role when the transaction commits.
void start_import_at_commit(const std::string& id);

}  // namespace connector::jobs
