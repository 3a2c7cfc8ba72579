// The ways to fail.
#include "pg/postgres.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <map>
#include <new>
#include <utility>

#include "core/base/error.hpp"
#include "pg/compat.h"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/latch_wait.hpp"
#include "pg/notice.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/tie.hpp"
#include "probe.hpp"

extern "C" {
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
}

namespace boundary {

using connector::core::Error;
using connector::core::ErrorNumber;
using connector::core::Interrupted;
using connector::pg::guard;
using connector::pg::PgError;

namespace {

/// An ERROR with every field that ereport() can fill. Not inlined: backtrace_functions names it.
[[gnu::noinline]] void raise_postgres_error() {
  ereport(ERROR,
          (errcode(ERRCODE_CHECK_VIOLATION), errmsg("message %d of the test", 1), errdetail("The detail."),
           errdetail_log("The detail for the log."), errhint("The hint."), errcontext("the context"),
           err_generic_string(PG_DIAG_SCHEMA_NAME, "the schema"), err_generic_string(PG_DIAG_TABLE_NAME, "the table"),
           err_generic_string(PG_DIAG_COLUMN_NAME, "the column"), err_generic_string(PG_DIAG_DATATYPE_NAME, "the type"),
           err_generic_string(PG_DIAG_CONSTRAINT_NAME, "the constraint"), errposition(5),
           internalerrquery("SELECT inner"), internalerrposition(8)));
}

void fail_in_guard() {
  const Probe probe;
  guard([] { raise_postgres_error(); });
}

/// guard → PostgreSQL's function manager → our entry → guard → ERROR.
void fail_in_callback() {
  const Probe probe;
  const Datum kind = result("postgres");
  guard([=] {
    char name[] = "boundary_fail(text)";
    const Oid function = DatumGetObjectId(DirectFunctionCall1(regprocedurein, CStringGetDatum(name)));
    return OidFunctionCall1(function, kind);
  });
}

/// guard → SPI, planner, executor → our entry → guard → ERROR.
void fail_in_sql(const char* kind) {
  const Probe probe;
  connector::pg::query("SELECT boundary_fail($1)", {{25 /* text */, kind}});
}

/// The innermost guard catches; those around it must still stand.
void fail_in_nested_guards() {
  const Probe outer;
  const BackendState before = BackendState::now();
  guard([] {
    guard([] { MemoryContextSwitchTo(TopTransactionContext); });
    guard([] { raise_postgres_error(); });
  });
  expect(before == BackendState::now(), "not reached");
}

/// What an error changes has to be back at the place where the exception arrives.
void fail_with_state_restored() {
  const BackendState before = BackendState::now();
  try {
    guard([] {
      MemoryContextSwitchTo(TopTransactionContext);
      HOLD_INTERRUPTS();
      ErrorContextCallback callback = {error_context_stack, [](void*) { errcontext("callback"); }, nullptr};
      error_context_stack = &callback;
      raise_postgres_error();
    });
  } catch (const PgError& error) {
    expect(before == BackendState::now(), "state after PgError");
    expect(error.fields().context.value_or("").starts_with("the context\ncallback"), "context lines");
    throw;
  }
}

/// A C++ exception out of a guard's function: no PostgreSQL frame lies between, so that is allowed.
void fail_through_guard() {
  const BackendState before = BackendState::now();
  try {
    guard([] {
      MemoryContextSwitchTo(TopTransactionContext);
      HOLD_INTERRUPTS();
      ErrorContextCallback callback = {error_context_stack, [](void*) { errcontext("skipped"); }, nullptr};
      error_context_stack = &callback;
      throw std::runtime_error("through the guard");
    });
  } catch (const std::runtime_error&) {
    expect(before == BackendState::now(), "state after a C++ exception");
    throw;
  }
}

/// The error is copied out of the entry's frame: what was in the stack behind it must not matter.
void fail_with_dangling_context() {
  ErrorContextCallback callback = {error_context_stack, [](void*) { errcontext("must not be called"); }, nullptr};
  error_context_stack = &callback;
  throw Error(ErrorNumber::cannot_read, "context left behind");
}

/// The current memory context goes away while the exception is on its way.
void fail_with_context_deleted() {
  const MemoryContext outer = CurrentMemoryContext;
  struct Deletes {
    MemoryContext context, outer;
    ~Deletes() {
      MemoryContextSwitchTo(outer);
      MemoryContextDelete(context);
    }
  } deletes{guard([] { return AllocSetContextCreate(CurrentMemoryContext, "short-lived", ALLOCSET_SMALL_SIZES); }),
            outer};
  MemoryContextSwitchTo(deletes.context);
  fail_in_guard();
}

/// Whatever context is current, failing leaves nothing in it.
void fail_in_lasting_context(bool postgres) {
  MemoryContextSwitchTo(TopMemoryContext);
  if (!postgres) throw Error(ErrorNumber::cannot_read, "in a lasting context", "Detail.", "Hint.");
  guard([] { raise_postgres_error(); });
}

/// Fails while the result of a query is read: SPI is connected, and its context the current one.
void fail_in_result() {
  const BackendState before = BackendState::now();
  try {
    connector::pg::query("SELECT 'value'::boundary_unreadable");
  } catch (const PgError&) {
    expect(before == BackendState::now(), "state after a query");
    throw;
  }
}

/// The error outlives the subtransaction that it was raised in.
void fail_in_subtransaction() {
  const Probe probe;
  connector::pg::in_subtransaction([] { fail_in_guard(); });
}

/// No address space is left when the exception has to be described.
void fail_exhausted() {
  Error error(ErrorNumber::cannot_read, std::string(900 * 1000, 'x'));
  std::FILE* status = std::fopen("/proc/self/statm", "r");
  long pages = 0;
  expect(status != nullptr && std::fscanf(status, "%ld", &pages) == 1, "/proc/self/statm");
  std::fclose(status);
  rlimit limit = {};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = static_cast<rlim_t>(pages) * 4096;
  setrlimit(RLIMIT_AS, &limit);
  throw std::move(error);  // a copy would fail here already
}

void fail_with_pending_cancel() {
  InterruptPending = true;
  QueryCancelPending = true;
  throw Interrupted{};
}

/// Waits once with success, so that what a wait acquires is acquired, and then past the deadline of the run.
void fail_in_wait() {
  int pair[2];
  expect(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0, "a pair of sockets");
  struct Closes {
    const int* pair;
    ~Closes() { close(pair[0]), close(pair[1]); }
  } closes{pair};
  connector::pg::LatchWait patient;
  const unsigned ready = patient.wait(pair[0], connector::core::wait_writable, connector::core::no_deadline);
  expect(ready == connector::core::wait_writable, "a socket that can be written to");
  connector::pg::LatchWait late(std::chrono::steady_clock::now());
  late.wait(pair[0], connector::core::wait_readable, connector::core::no_deadline);
}

void fail_tied() {
  connector::pg::Tied<Mark> tied(TopTransactionContext);
  tied.set(std::make_unique<Mark>(""));
  fail_in_guard();
}

/// Runs while the error is processed, when the transaction's memory is freed: neither a guard that works nor one that
/// catches an error of its own may change what is told.
void on_abort(void* argument) {
  if (argument != nullptr) {
    try {
      guard([] { ereport(ERROR, (errmsg("from the callback"))); });
    } catch (const PgError&) {
    }
  }
  guard([] { pfree(palloc(10)); });
}

void fail_with_callback(bool callback_fails) {
  guard([=] {
    auto* callback = static_cast<MemoryContextCallback*>(
        MemoryContextAllocZero(CurTransactionContext, sizeof(MemoryContextCallback)));
    callback->func = on_abort;
    callback->arg = callback_fails ? callback : nullptr;
    MemoryContextRegisterResetCallback(CurTransactionContext, callback);
  });
  fail_in_guard();
}

const std::map<std::string, std::function<void()>>& kinds() {
  static const std::map<std::string, std::function<void()>> all = {
      {"postgres", fail_in_guard},
      {"callback", fail_in_callback},
      {"sql", [] { fail_in_sql("postgres"); }},
      {"sql_core", [] { fail_in_sql("core"); }},
      {"syntax", [] { connector::pg::execute("SELEC 1"); }},
      {"nested", fail_in_nested_guards},
      {"restored", fail_with_state_restored},
      {"through", fail_through_guard},
      {"dangling", fail_with_dangling_context},
      {"deleted", fail_with_context_deleted},
      {"subtransaction", fail_in_subtransaction},
      {"result", fail_in_result},
      {"lasting", [] { fail_in_lasting_context(true); }},
      {"lasting_core", [] { fail_in_lasting_context(false); }},
      {"hidden",
       [] {
         guard([] {
           ereport(ERROR, (errmsg("hidden in the log"), errcontext("hidden context"), errhidestmt(true),
                           errhidecontext(true)));
         });
       }},
      {"bad_alloc", [] { throw std::bad_alloc(); }},
      {"exhausted", fail_exhausted},
      {"runtime_error", [] { throw std::runtime_error("words of the library"); }},
      {"not_utf8", [] { throw std::runtime_error("broken \xff text"); }},
      {"int", [] { throw 42; }},
      {"core", [] { throw Error(ErrorNumber::cannot_connect, "could not connect", "The detail é.", "The hint."); }},
      {"core_bare", [] { throw Error(ErrorNumber::cannot_read, "can't read: 100 % of \xe6\x97\xa5"); }},
      {"core_long", [] { throw Error(ErrorNumber::cannot_read, std::string(64 * 1024 * 1024, 'x')); }},
      {"interrupted", [] { throw Interrupted{}; }},
      {"cancelled", fail_with_pending_cancel},
      {"timed_out", fail_in_wait},
      {"tied", fail_tied},
      {"with_callback", [] { fail_with_callback(false); }},
      {"with_failing_callback", [] { fail_with_callback(true); }},
  };
  return all;
}

}  // namespace

void fail(const std::string& kind) {
  const auto found = kinds().find(kind);
  expect(found != kinds().end(), "known kind");
  found->second();
}

}  // namespace boundary

using boundary::Probe;

CONNECTOR_FUNCTION(boundary_fail) {
  const Probe probe;
  boundary::fail(boundary::argument(fcinfo, 0));
  throw std::logic_error("it did not fail");
}

/// A type that can be read but not written out.
CONNECTOR_FUNCTION(boundary_unreadable_in) {
  const char* text = PG_GETARG_CSTRING(0);
  return boundary::result(text);
}
CONNECTOR_FUNCTION(boundary_unreadable_out) {
  boundary::fail("postgres");
  throw std::logic_error("it did not fail");
}

/// Gives back what the kind `exhausted` took. Written so that it needs no memory.
CONNECTOR_FUNCTION(boundary_unlimit) {
  rlimit limit = {};
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_AS, &limit);
  PG_RETURN_VOID();
}

/// As boundary_fail(), called by PostgreSQL code that holds interrupts off.
CONNECTOR_EXPORT_BEGIN
extern "C" {
PG_FUNCTION_INFO_V1(boundary_fail_held);
}
CONNECTOR_EXPORT_END
Datum boundary_fail_held(PG_FUNCTION_ARGS) {
  HOLD_INTERRUPTS();
  HOLD_CANCEL_INTERRUPTS();
  const Datum value = connector::pg::enter([fcinfo]() -> Datum {
    const Probe probe;
    const boundary::BackendState before = boundary::BackendState::now();
    boundary::expect(before.interrupt_holdoff >= 1 && before.cancel_holdoff == 1, "held");
    try {
      boundary::fail(boundary::argument(fcinfo, 0));
    } catch (...) {
      boundary::expect(before == boundary::BackendState::now(), "held as before the error");
      throw;
    }
    throw std::logic_error("it did not fail");
  });
  RESUME_CANCEL_INTERRUPTS();
  RESUME_INTERRUPTS();
  return value;
}
