#include "pg/subtransaction.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/resowner.h"
}

namespace connector::pg::detail {

Subtransaction begin_subtransaction() {
  const Subtransaction outer{CurrentMemoryContext, CurrentResourceOwner};
  guard([outer] {
    BeginInternalSubTransaction(nullptr);
    // What the function allocates belongs to the caller, as it would without the subtransaction.
    MemoryContextSwitchTo(outer.context);
  });
  return outer;
}

void commit_subtransaction(const Subtransaction& outer) {
  guard([&outer] {
    ReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(outer.context);
    CurrentResourceOwner = outer.owner;
  });
}

void rollback_subtransaction(const Subtransaction& outer) {
  guard([&outer] {
    MemoryContextSwitchTo(outer.context);
    RollbackAndReleaseCurrentSubTransaction();
    MemoryContextSwitchTo(outer.context);
    CurrentResourceOwner = outer.owner;
  });
}

}  // namespace connector::pg::detail
