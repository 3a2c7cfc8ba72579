// Keeps passwords that a statement holds out of what the session shows and logs about that statement.
#pragma once

#include "pg/postgres.hpp"

#include <string_view>

#include "core/request/connector_spec.hpp"
#include "core/request/masked_connector.hpp"

namespace connector::pg {

/// From here on the running statement is shown without the secrets of `request` (UTF-8, as it was given): in
/// pg_stat_activity, in the STATEMENT lines of the server's log, and in the CONTEXT and QUERY of errors. Where it can't
/// be told where they stand, all of it is hidden. What was logged before the statement came here (log_statement) can't
/// be called back. Throws PgError.
void hide_in_statement(std::string_view request, const core::MaskedConnector& masked);

/// The same for a request that can't be read, so that nothing is known of its secrets.
void hide_in_statement();

}  // namespace connector::pg
