// Keeps passwords that a statement holds out of what the session shows and logs about that statement.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

namespace connector::pg {

/// From here on the running statement is shown without the secrets (UTF-8, longest first): in pg_stat_activity, in the
/// STATEMENT lines of the server's log, and in the CONTEXT and QUERY of errors, until the transaction ends. What was
/// logged before the statement came here (log_statement) can't be called back. Throws PgError.
void hide_in_statement(const std::vector<std::string>& secrets);

}  // namespace connector::pg
