// Running something that may fail without ending the transaction.
#pragma once

#include "pg/guard.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/resowner.h"
}

namespace connector::pg {

namespace detail {
/// What a subtransaction's start changes and its end must bring back.
struct Subtransaction {
  MemoryContext context;
  ResourceOwner owner;
};
Subtransaction begin_subtransaction();
void commit_subtransaction(const Subtransaction& outer);
void rollback_subtransaction(const Subtransaction& outer);
}  // namespace detail

/// Runs `function` in a subtransaction: committed if it returns, rolled back if it throws, and the exception passed on.
/// After that the transaction can go on.
template <typename Function>
void in_subtransaction(Function&& function) {
  const detail::Subtransaction outer = detail::begin_subtransaction();
  try {
    function();
    detail::commit_subtransaction(outer);
  } catch (...) {
    detail::rollback_subtransaction(outer);
    throw;
  }
}

/// Runs `function`, which only looks, in a subtransaction that is rolled back in any case, so that its locks are not
/// kept until the transaction's end. In parallel mode, in which all of a plan is run that has a Gather somewhere,
/// PostgreSQL begins none, and the locks are kept.
template <typename Function>
void in_discarded_subtransaction(Function&& function) {
  if (IsInParallelMode()) return function();
  const detail::Subtransaction outer = detail::begin_subtransaction();
  try {
    function();
  } catch (...) {
    detail::rollback_subtransaction(outer);
    throw;
  }
  detail::rollback_subtransaction(outer);
}

}  // namespace connector::pg
