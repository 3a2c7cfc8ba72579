#include "pg/transaction.hpp"

#include "pg/guard.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/snapmgr.h"
}

namespace connector::pg {

void begin_transaction() {
  guard([] {
    SetCurrentStatementStartTimestamp();
    StartTransactionCommand();
    PushActiveSnapshot(GetTransactionSnapshot());
  });
}

void commit_transaction() {
  guard([] {
    PopActiveSnapshot();
    CommitTransactionCommand();
  });
}

void abort_transaction() {
  guard([] { AbortCurrentTransaction(); });
}

}  // namespace connector::pg
