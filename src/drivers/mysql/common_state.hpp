// Several sessions that read one state of a table of InnoDB.
//
// Each of them begins a transaction with a consistent snapshot. That no commit came between these is known in one of
// two ways:
// - The binary log: the server tells at which of its positions a snapshot was made (Binlog_snapshot_file and _position;
//   MariaDB's "Enhancements for START TRANSACTION WITH CONSISTENT SNAPSHOT", and Percona's page on it). Snapshots of
//   one position are of one state. It holds nobody up and needs no right.
// - A lock: while LOCK TABLES … READ of another session is there, nobody has rows in the table that are not committed,
//   and nobody changes any. It is given up as soon as all snapshots are there.
// FLUSH TABLES is no way: all statements that come later would wait until the longest one that is running has ended.
#pragma once

#include <string>
#include <string_view>

#include "core/remote/provider.hpp"
#include "drivers/mysql/session.hpp"

namespace connector::mysql {

/// core::Connection::offer_state(), of a table. `locks` becomes true if the session has locked it, until
/// unlock_tables().
core::StateOffer offer_state(Session& session, std::string_view schema, std::string_view table, int way, bool& locks);

/// core::Connection::join_state(). begin_to_read() comes before anything else is read of the table.
std::string join_state(Session& session, std::string_view token);

/// Behind the end of the offer, of a session that has joined it: it reads that table. Throws Error (cannot_read) if
/// what it reads is not what was offered: it is another server's, or the definition of the table has changed meanwhile,
/// or is about to.
void begin_to_read(Session& session, std::string_view token, std::string_view schema, std::string_view table);

/// Gives the lock back, or what there is of it.
void unlock_tables(Session& session);

}  // namespace connector::mysql
