// A sync or import that is due, as the scheduler sees it.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "core/schedule/schedule.hpp"
#include "pg/spi.hpp"

namespace connector::store {

struct DueRow {
  std::string id;
  Oid owner;
  std::string provider;
  schedule::Time due;
  bool owner_exists;
  bool owner_can_login;
};

/// Reads rows of (id, owner, provider, due, owner exists, owner can log in).
std::vector<DueRow> read_due_rows(const pg::SqlRows& rows);

}  // namespace connector::store
