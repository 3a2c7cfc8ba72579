// Foreign tables as requests ask for them.
#pragma once

#include "pg/postgres.hpp"

#include "jobs/request.hpp"

namespace connector::fdw {

/// Makes the foreign table that a request (RequestKind::foreign_table) asks for, as the current role: columns, names
/// and types as an import has them. Returns it, or the relation that has its name if the request says to skip then.
Oid make_foreign_table(const jobs::Request& request);

}  // namespace connector::fdw
