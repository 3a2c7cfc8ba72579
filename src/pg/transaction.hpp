// Transactions of a background worker.
#pragma once

namespace connector::pg {

/// Starts a transaction with a snapshot. Throws PgError.
void begin_transaction();

/// Commits it. Throws PgError, after which only abort_transaction() may come.
void commit_transaction();

/// Rolls back whatever is left of it. Throws PgError.
void abort_transaction();

}  // namespace connector::pg
