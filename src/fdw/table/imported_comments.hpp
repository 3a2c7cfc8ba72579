// Comments on the foreign tables that IMPORT FOREIGN SCHEMA makes.
//
// A wrapper gives PostgreSQL a list of CREATE FOREIGN TABLE statements, and nothing else is allowed in it. So the
// comments wait here until each of the statements has been run.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

extern "C" {
#include "access/attnum.h"
}

namespace connector::fdw {

/// A comment in the database's encoding; `column` 0 is the table itself.
struct NewComment {
  AttrNumber column;
  std::string text;
};

/// Has the comments written as soon as PostgreSQL has run `statement`, which is that very text in memory, not an equal
/// one. In the current memory context, with whose end it is forgotten. Throws PgError.
void comment_after(const char* statement, const std::vector<NewComment>& comments);

}  // namespace connector::fdw
