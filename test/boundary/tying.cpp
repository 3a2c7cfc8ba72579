// Tied objects and every way they end.
#include "pg/postgres.hpp"

#include <functional>
#include <map>
#include <stdexcept>

#include "pg/compat.h"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/tie.hpp"
#include "probe.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace {

using boundary::expect;
using boundary::Mark;
using connector::pg::guard;
using TiedMark = connector::pg::Tied<Mark>;

MemoryContext create_context() {
  return guard([] { return AllocSetContextCreate(CurrentMemoryContext, "boundary", ALLOCSET_SMALL_SIZES); });
}
void reset(MemoryContext context) {
  guard([=] { MemoryContextReset(context); });
}
std::unique_ptr<Mark> mark() {
  return std::make_unique<Mark>("");
}

void scope_first() {
  const MemoryContext context = create_context();
  {
    TiedMark tied(context);
    expect(tied.get() == nullptr, "nothing yet");
    tied.set(mark());
    expect(Mark::destroyed == 0 && tied.get() != nullptr, "alive");
  }
  expect(Mark::destroyed == 1, "destroyed by the scope");
  reset(context);
}

void context_first() {
  const MemoryContext context = create_context();
  TiedMark tied(context);
  tied.set(mark());
  reset(context);
  expect(Mark::destroyed == 1 && tied.get() == nullptr, "destroyed by the context");
  reset(context);
}

void deleted_context_first() {
  const MemoryContext context = create_context();
  TiedMark tied(context);
  tied.set(mark());
  guard([=] { MemoryContextDelete(context); });
  expect(Mark::destroyed == 1 && tied.get() == nullptr, "destroyed by the context");
}

void set_after_context() {
  const MemoryContext context = create_context();
  TiedMark tied(context);
  reset(context);
  tied.reset();
  tied.set(mark());
  expect(Mark::destroyed == 1 && tied.get() == nullptr, "nobody would end it: not taken");
}

void replaced() {
  TiedMark tied;
  tied.set(mark());
  tied.set(mark());
  expect(Mark::destroyed == 1 && tied.get() != nullptr, "the first destroyed");
  tied.reset();
  expect(Mark::destroyed == 2 && tied.get() == nullptr, "the second destroyed");
  Mark::destroyed = 1;
}

/// Two in one context, ended in the wrong order.
void two() {
  const MemoryContext context = create_context();
  TiedMark first(context);
  auto second = std::make_unique<TiedMark>(context);
  first.set(mark());
  second->set(mark());
  second.reset();
  expect(Mark::destroyed == 1 && first.get() != nullptr, "the second only");
  reset(context);
  expect(Mark::destroyed == 2, "and the first");
  Mark::destroyed = 1;
}

/// Never ended by a scope, as if the frame had been skipped.
void left_behind(MemoryContext context) {
  auto* tied = new TiedMark(context);
  tied->set(mark());
}

/// The frame is skipped by the longjmp of an unguarded ERROR: against the rules, yet nothing may be written into the
/// dead frame when the context goes.
[[gnu::noinline]] void skip_frame() {
  TiedMark tied(CurTransactionContext);
  tied.set(mark());
  ereport(ERROR, (errmsg("unguarded")));
}

const std::map<std::string, std::function<void()>>& kinds() {
  static const std::map<std::string, std::function<void()>> all = {
      {"scope", scope_first},
      {"context", context_first},
      {"deleted context", deleted_context_first},
      {"set after context", set_after_context},
      {"replaced", replaced},
      {"two", two},
      {"commit", [] { left_behind(TopTransactionContext); }},
      {"abort",
       [] {
         left_behind(CurTransactionContext);
         throw std::runtime_error("aborted");
       }},
      {"exception",
       [] {
         TiedMark tied(CurTransactionContext);
         tied.set(mark());
         throw std::runtime_error("aborted");
       }},
      {"error",
       [] {
         TiedMark tied(CurTransactionContext);
         tied.set(mark());
         guard([] { ereport(ERROR, (errmsg("aborted"))); });
       }},
      {"skipped", skip_frame},
  };
  return all;
}

}  // namespace

CONNECTOR_FUNCTION(boundary_tie) {
  Mark::destroyed = 0;
  kinds().at(boundary::argument(fcinfo, 0))();
  PG_RETURN_VOID();
}
