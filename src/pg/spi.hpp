// SQL from inside the backend, for what happens once per import: DDL, catalogs, ANALYZE.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/nodes.h"
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

/// The OID in a row; InvalidOid where NULL.
Oid read_oid(const std::optional<std::string>& value);

/// Runs one command as the current role; returns the number of rows processed. Throws PgError.
std::uint64_t execute(std::string_view sql, const std::vector<SqlParameter>& parameters = {});

/// Runs one utility command as if the session had sent it: hooks of extensions pass over those of functions. It may be
/// in a transaction block. Throws PgError.
void run_command(std::string_view sql);

/// Runs one utility command that is given as its parse tree, as one of a function. `shown` is what hooks and event
/// triggers are told of its text, which need not have all that is in the tree. To be called in a guard().
void run_utility(Node* statement, const char* shown);

/// What a query sees: what this transaction did up to now, or what the calling query sees. `latest` is the first of
/// both, and what others have committed until now even under REPEATABLE READ: for what is looked at under a lock that
/// keeps it from changing. Not while a parallel query runs.
enum class Sees { present, callers_snapshot, latest };

/// Runs a query as the current role and returns its rows. Throws PgError.
SqlRows query(std::string_view sql, const std::vector<SqlParameter>& parameters = {}, Sees sees = Sees::present);

/// Likewise, for what names nothing but PostgreSQL's catalogs and the extension's own tables (by schema), and touches
/// no value of a user's type. It runs under a search_path that nobody can put anything into, whatever the caller's is:
/// so the names and operators of PostgreSQL in it need no schema.
SqlRows catalog_query(std::string_view sql, const std::vector<SqlParameter>& parameters = {},
                      Sees sees = Sees::present);

/// Whether a catalog_query(), whose only parameter is a relation, has any row.
bool any_catalog_row(std::string_view sql, Oid relation);

/// Runs a query as the current role and hands its rows to `receiver`. The receiver's functions are called from
/// PostgreSQL's executor, in a guard: they may raise ERRORs, but throw nothing and own nothing that has a destructor.
void query_into(std::string_view sql, DestReceiver& receiver, Sees sees = Sees::present);

}  // namespace connector::pg
