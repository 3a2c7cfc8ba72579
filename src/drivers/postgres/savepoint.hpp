// The savepoint that keeps a snapshot's transaction alive when a statement in it fails or is left early.
#pragma once

namespace connector::postgres::savepoint {

/// In front of statements in the same message.
inline constexpr const char* set = "SAVEPOINT connector; ";
/// Behind them.
inline constexpr const char* release = "; RELEASE SAVEPOINT connector";
/// Instead, where they have failed: locks that were taken since are gone.
inline constexpr const char* roll_back = "ROLLBACK TO SAVEPOINT connector; RELEASE SAVEPOINT connector";

}  // namespace connector::postgres::savepoint
