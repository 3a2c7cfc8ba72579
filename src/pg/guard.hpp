// PostgreSQL → C++: calls PostgreSQL so that an ERROR arrives as a C++ exception.
//
// ereport(ERROR) is a longjmp, which skips destructors. guard() puts a landing place (sigsetjmp without signal mask:
// no system call) directly under the call, copies all of ErrorData and throws PgError instead.
//
// Rules:
//  - The function given to guard() must own nothing with a destructor: it is the part that the longjmp skips.
//    References to the caller's objects are fine.
//  - After PgError PostgreSQL's state (locks, pins, snapshots) is as the error left it. Let the exception reach the
//    entry point, which raises it again, or be inside in_subtransaction(), which rolls back.
//  - A C++ exception may leave guard()'s function itself, but must never pass PostgreSQL's frames: they would not be
//    cleaned up (PG_TRY, executor, SPI), as PostgreSQL's C knows of no unwinding. So whatever PostgreSQL calls back
//    (comparators, callbacks of contexts and transactions, functions called through fmgr) goes through enter() of
//    entry.hpp, even if a guard() of ours stands further up.
//  - Catching an error drops all that PostgreSQL has in hand, so where it is in the middle of telling another one
//    (error context callbacks, PG_CATCH, log hooks) nothing that may fail can be guarded. Callbacks of memory contexts
//    during an abort are past that.
//  - Guard a batch, never a row.
#pragma once

#include "pg/postgres.hpp"

#include <memory>
#include <type_traits>

#include "pg/pg_error.hpp"

namespace connector::pg {

/// Calls function(argument); throws PgError if it raises an ERROR, std::bad_alloc if there was no memory to keep it.
/// The function's own C++ exceptions pass through. After either, memory context, error context stack and holdoff counts
/// are as they were.
void run_guarded(void (*function)(void*), void* argument);

/// Calls `function` with PostgreSQL's errors turned into PgError, and returns what it returns (a trivial type).
template <typename Function>
auto guard(Function&& function) -> std::invoke_result_t<Function> {
  using Result = std::invoke_result_t<Function>;
  if constexpr (std::is_void_v<Result>) {
    auto* address = std::addressof(function);
    run_guarded([](void* argument) { (**static_cast<decltype(address)*>(argument))(); }, &address);
  } else {
    static_assert(std::is_trivial_v<Result>, "what a guard returns must be trivial");
    struct Call {
      std::remove_reference_t<Function>* function;
      Result result;
    } call{std::addressof(function), {}};
    run_guarded(
        [](void* argument) {
          auto* call = static_cast<Call*>(argument);
          call->result = (*call->function)();
        },
        &call);
    return call.result;
  }
}

}  // namespace connector::pg
