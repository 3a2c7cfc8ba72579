// What an import and the first run of a sync have in common.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <string>
#include <string_view>

#include "jobs/request.hpp"
#include "load/refresh/import.hpp"
#include "load/read/progress.hpp"
#include "pg/guard.hpp"

namespace connector::jobs {

struct ImportRun {
  load::TargetSchema schema;
  load::NameChoice target;
  load::LoadResult result;
  std::chrono::steady_clock::time_point start;
};

/// Imports into a table of `schema`, named as the request and its collision strategy want; connects only if there is
/// something to do. `caller` is the role that asked for it, before anything acted as another.
ImportRun import_table(Request& request, const load::TargetSchema& schema, Oid caller, load::Progress& progress);

/// An error that PostgreSQL raised while loading (a full disk, a unique index) with provider, phase and the connector's
/// number in its DETAIL. A cancel or shutdown stays what it is.
pg::PgError numbered(const pg::PgError& error, std::string_view provider);

}  // namespace connector::jobs
