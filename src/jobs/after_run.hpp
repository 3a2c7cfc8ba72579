// What a role has asked for after a run: `on_success` and `on_failure` of a sync.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "core/request/connector_spec.hpp"
#include "jobs/work.hpp"
#include "pg/guard.hpp"
#include "store/statements.hpp"

namespace connector::jobs {

/// The statements of a request that the current role gives for a sync of `owner`'s. Throws core::Error
/// (invalid_parameters) if one is no single statement that can run inside a transaction, or the role is another than
/// the owner.
store::Statements asked_statements(const core::ConnectorSpec& spec, Oid owner);

/// How a statement ended.
struct StatementEnd {
  std::optional<std::string> error;  ///< UTF-8, as recorded
  /// Set if it was cancelled; the error waits for a caller who recorded the end, or wants none recorded.
  std::optional<pg::PgError> cancelled;
};

/// Runs the statement in the present transaction, which was begun for it, and ends that by `commit`: as the role that
/// gave it, with a fixed search_path, within connector.statement_timeout, restricted as code of an owner's is, and
/// without any effect on the session. A failure is recorded and told. Who cancelled it by cdb_sync_cancel() did not
/// mean what comes next: that is no cancel for the caller.
StatementEnd run_statement(const store::Statement& statement, Commit commit);

/// Likewise in the caller's transaction, where it is a subtransaction. Does nothing if there is none.
StatementEnd run_statement_here(const std::optional<store::Statement>& statement);

}  // namespace connector::jobs
