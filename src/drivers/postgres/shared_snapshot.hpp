// One snapshot for several sessions that read the parts of one table.
//
// Each of them has locked the table, with all that inherits from it, against what would change it as a whole (TRUNCATE,
// rewriting, partitions that leave it) from before the snapshot on: who offers has the locks first, and keeps them
// until the others have theirs. What comes to the table meanwhile is left out by each part's condition (division.hpp).
// Nobody waits for a lock longer than a second: whoever wants to change the table waits for the first session, and the
// others would wait for him.
#pragma once

#include <string>

#include "core/remote/provider.hpp"
#include "drivers/postgres/session.hpp"

namespace connector::postgres {

/// See core::Connection::offer_state(). Lasts until Session::end_snapshot(). `table`: quoted, with its schema.
core::StateOffer offer_snapshot(Session& session, const std::string& table);

/// See core::Connection::join_state(): ends the snapshot that the session holds, and begins that one. The mark is the
/// server's start and what the snapshot sees: behind a load balancer the name of a snapshot may be another's elsewhere.
std::string join_snapshot(Session& session, const std::string& token);

}  // namespace connector::postgres
