// How the table of a sync is called.
#pragma once

#include "pg/postgres.hpp"

#include <string>

#include "store/syncs.hpp"

namespace connector::jobs {

/// UTF-8.
struct TableNames {
  std::string schema;
  std::string table;
};

/// The table's names as they are now, or, before the first run or when it was dropped, those that the request wants.
TableNames table_names(const store::Sync& sync);

}  // namespace connector::jobs
