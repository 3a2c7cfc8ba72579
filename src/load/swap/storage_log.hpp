// Which files a transaction fills that no table has yet. PostgreSQL itself forgets them if it crashes: nothing but
// their names in the catalog entries of a transaction that never ended tells whose they were, and nobody sees those
// again. So they are listed in connector.new_storage, in rows that count at once, whatever becomes of the transaction.
#pragma once

#include "pg/postgres.hpp"

namespace connector::load {

/// Lists the storage of a table that this transaction has made, with its TOAST table, or of an index. To be called
/// before it is filled. When this returns, the list is safe from a crash.
void log_new_storage(Oid relation);

/// Takes what this transaction has listed from the list: before the commit that makes the storage a table's own, or
/// after a subtransaction was rolled back that made it.
void forget_new_storage();

/// Removes what crashed transactions left, as PostgreSQL removes the files of a dropped table: when this transaction
/// commits, and on standbys, too. A file goes only if it is on the list, no transaction is running that could have
/// listed it, and no relation has it.
void drop_lost_storage();

}  // namespace connector::load
