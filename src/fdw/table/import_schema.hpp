// IMPORT FOREIGN SCHEMA.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/parsenodes.h"
}

namespace connector::fdw {

/// For FdwRoutine::ImportForeignSchema: the statements that make foreign tables of the server's tables and views, as
/// the current role. What can't be one, and columns that can't be read, are left out with a WARNING. Raises
/// PostgreSQL's errors.
List* import_foreign_schema(ImportForeignSchemaStmt* statement, Oid server);

}  // namespace connector::fdw
