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
//  - Guard a batch, never a row.
#pragma once

#include "pg/postgres.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

namespace connector::pg {

/// All of ErrorData that can be told to somebody, in C++ memory.
struct ErrorFields {
  int elevel = 0;
  int sqlerrcode = 0;
  bool output_to_server = true;
  bool output_to_client = true;
  bool hide_stmt = false;
  bool hide_ctx = false;
  int lineno = 0;
  int cursorpos = 0;
  int internalpos = 0;
  int saved_errno = 0;
  // Point to constants of PostgreSQL's own text, which live as long as the process.
  const char* filename = nullptr;
  const char* funcname = nullptr;
  const char* domain = nullptr;
  const char* context_domain = nullptr;
  const char* message_id = nullptr;
  std::optional<std::string> message, detail, detail_log, hint, context, backtrace;
  std::optional<std::string> schema_name, table_name, column_name, datatype_name, constraint_name, internalquery;
};

/// A PostgreSQL ERROR on its way through C++ code. Copies share the fields.
class PgError : public std::exception {
 public:
  explicit PgError(ErrorFields fields) : fields_(std::make_shared<const ErrorFields>(std::move(fields))) {}
  const char* what() const noexcept override { return fields_->message ? fields_->message->c_str() : ""; }
  const ErrorFields& fields() const noexcept { return *fields_; }
  int sqlerrcode() const noexcept { return fields_->sqlerrcode; }

 private:
  std::shared_ptr<const ErrorFields> fields_;
};

/// Calls function(argument); throws PgError if it raises an ERROR. C++ exceptions pass through.
void run_guarded(void (*function)(void*), void* argument);

/// Calls `function` with PostgreSQL's errors turned into PgError, and returns what it returns (a trivial type).
template <typename Function>
auto guard(Function&& function) -> std::invoke_result_t<Function> {
  using Result = std::invoke_result_t<Function>;
  if constexpr (std::is_void_v<Result>) {
    auto* address = std::addressof(function);
    run_guarded([](void* argument) { (**static_cast<decltype(address)*>(argument))(); }, &address);
  } else {
    static_assert(std::is_trivially_destructible_v<Result>, "what a guard returns must be trivial");
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
