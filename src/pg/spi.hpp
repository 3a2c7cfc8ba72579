// SQL from inside the backend, for what happens once per import: DDL, catalogs, ANALYZE.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "tcop/dest.h"
}

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace connector::pg {

/// A parameter as text (in the database's encoding) with the type it is read as; nullopt is NULL.
struct SqlParameter {
  Oid type;
  std::optional<std::string> value;
};

/// Rows as text, null where NULL. Texts are in the database's encoding.
using SqlRows = std::vector<std::vector<std::optional<std::string>>>;

/// Runs one command as the current role; returns the number of rows processed. Throws PgError.
std::uint64_t execute(std::string_view sql, const std::vector<SqlParameter>& parameters = {});

/// Runs a query as the current role and returns its rows. `read_only` keeps the snapshot of the calling query, else
/// the query sees what this transaction did up to now.
SqlRows query(std::string_view sql, const std::vector<SqlParameter>& parameters = {}, bool read_only = false);

/// Runs a query as the current role and hands its rows to `receiver`. The receiver's functions are called from
/// PostgreSQL's executor, in a guard: they may raise ERRORs, but throw nothing and own nothing that has a destructor.
void query_into(std::string_view sql, DestReceiver& receiver);

}  // namespace connector::pg
