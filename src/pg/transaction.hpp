// Transactions of a background worker.
#pragma once

namespace connector::pg {

/// Starts a transaction with a snapshot. Throws PgError.
void begin_transaction();

/// Commits it. Throws PgError.
void commit_transaction();

}  // namespace connector::pg
