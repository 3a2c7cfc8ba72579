// C++ → PostgreSQL: every function that PostgreSQL calls goes through here, so that no C++ exception gets out.
//
// An exception is caught, its text copied into PostgreSQL's memory, the catch block and every scope with a destructor
// left, and only then the error raised. Raising inside the catch block would jump out of it and leak the exception.
//
// Not for callbacks that must not raise: memory contexts' reset callbacks, transaction callbacks other than pre-commit,
// before_shmem_exit. Those catch everything themselves and stay silent.
#pragma once

#include "pg/postgres.hpp"

#include <memory>
#include <type_traits>

namespace connector::pg {

/// An error ready to be raised: nothing in it has a destructor.
struct Raisable;

/// Describes the exception being handled; to be called in a catch block. Never throws, never raises. The description
/// lives in ErrorContext, so it is to be raised next.
Raisable* describe_current_exception() noexcept;

/// Raises it as PostgreSQL's ERROR (or FATAL, for a pending termination). No object with a destructor may be alive in
/// the frames between here and PostgreSQL.
[[noreturn]] void raise(Raisable* error);

/// Runs `body` and turns every exception that leaves it into a PostgreSQL error.
template <typename Body>
auto enter(Body&& body) -> std::invoke_result_t<Body> {
  static_assert(std::is_trivially_destructible_v<std::remove_reference_t<Body>>,
                "the entry's frame is skipped when the error is raised");
  static_assert(std::is_void_v<std::invoke_result_t<Body>> || std::is_trivial_v<std::invoke_result_t<Body>>);
  // The exception may have passed frames that had put themselves onto these stacks.
  sigjmp_buf* const exception_stack = PG_exception_stack;
  ErrorContextCallback* const context_stack = error_context_stack;
  Raisable* error = nullptr;
  try {
    return body();
  } catch (...) {
    error = describe_current_exception();
  }
  PG_exception_stack = exception_stack;
  error_context_stack = context_stack;
  raise(error);
}

}  // namespace connector::pg

/// The library hides its symbols. PostgreSQL marks its own macros for export from 16 on; before, this does it.
#define CONNECTOR_EXPORT_BEGIN _Pragma("GCC visibility push(default)")
#define CONNECTOR_EXPORT_END _Pragma("GCC visibility pop")

/// Defines an SQL-callable function whose body may throw.
#define CONNECTOR_FUNCTION(name)                                                      \
  CONNECTOR_EXPORT_BEGIN                                                              \
  extern "C" {                                                                        \
  PG_FUNCTION_INFO_V1(name);                                                          \
  }                                                                                   \
  static Datum name##_body(FunctionCallInfo fcinfo);                                  \
  extern "C" Datum name(PG_FUNCTION_ARGS) {                                           \
    return connector::pg::enter([fcinfo]() -> Datum { return name##_body(fcinfo); }); \
  }                                                                                   \
  CONNECTOR_EXPORT_END                                                                \
  static Datum name##_body([[maybe_unused]] FunctionCallInfo fcinfo)
