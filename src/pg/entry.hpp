// C++ → PostgreSQL: every function that PostgreSQL calls goes through here, so that no C++ exception gets out.
//
// An exception is caught, its text copied into PostgreSQL's memory, the catch block and every scope with a destructor
// left, and only then the error raised. Raising inside the catch block would jump out of it and leak the exception.
#pragma once

#include "pg/postgres.hpp"

#include <memory>
#include <type_traits>

namespace connector::pg {

/// An error ready to be raised: nothing in it has a destructor.
struct Raisable;

/// Describes the exception being handled; to be called in a catch block. Never throws, never raises.
Raisable* describe_current_exception() noexcept;

/// Raises it as PostgreSQL's ERROR (or FATAL, for a pending termination).
[[noreturn]] void raise(Raisable* error);

/// Runs `body` and turns every exception that leaves it into a PostgreSQL error.
template <typename Body>
auto enter(Body&& body) -> std::invoke_result_t<Body> {
  static_assert(std::is_trivially_destructible_v<std::remove_reference_t<Body>>,
                "the entry's frame is skipped when the error is raised");
  Raisable* error = nullptr;
  try {
    return body();
  } catch (...) {
    error = describe_current_exception();
  }
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
