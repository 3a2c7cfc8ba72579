#include "pg/guard.hpp"

#include <new>

#include "pg/error_fields.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace connector::pg {

namespace {

/// What an ERROR leaves changed and the landing place has to put back. errfinish() zeroes the holdoff counts before it
/// jumps, so an outer HOLD_INTERRUPTS would be lost.
class StateGuard {
 public:
  StateGuard() noexcept
      : exception_stack_(PG_exception_stack),
        context_stack_(error_context_stack),
        memory_context_(CurrentMemoryContext),
        interrupt_holdoff_(InterruptHoldoffCount),
        cancel_holdoff_(QueryCancelHoldoffCount) {}
  ~StateGuard() {
    if (!returned_) restore();
    PG_exception_stack = exception_stack_;
    error_context_stack = context_stack_;
  }
  StateGuard(const StateGuard&) = delete;
  StateGuard& operator=(const StateGuard&) = delete;

  void restore() const noexcept {
    PG_exception_stack = exception_stack_;
    error_context_stack = context_stack_;
    InterruptHoldoffCount = interrupt_holdoff_;
    QueryCancelHoldoffCount = cancel_holdoff_;
    CurrentMemoryContext = memory_context_;
  }
  /// The function ended well: what it did to the memory context and the counts is meant to stay.
  void returned() noexcept { returned_ = true; }

 private:
  sigjmp_buf* exception_stack_;
  ErrorContextCallback* context_stack_;
  MemoryContext memory_context_;
  uint32 interrupt_holdoff_;
  uint32 cancel_holdoff_;
  bool returned_ = false;
};

/// The current error, taken off PostgreSQL's error stack. It is copied into a memory context of its own: the caller's
/// may live long, and FreeErrorData() does not free all that CopyErrorData() allocates in minor releases since 2025.
class CaughtError {
 public:
  CaughtError() {
    StateGuard state;
    sigjmp_buf landing;
    if (sigsetjmp(landing, 0) == 0) {
      PG_exception_stack = &landing;
      memory_ = AllocSetContextCreate(TopMemoryContext, "connector error", ALLOCSET_SMALL_SIZES);
      MemoryContextSwitchTo(memory_);
      data_ = CopyErrorData();
    }
    state.restore();
    FlushErrorState();
  }
  ~CaughtError() {
    if (memory_ != nullptr) MemoryContextDelete(memory_);
  }
  CaughtError(const CaughtError&) = delete;
  CaughtError& operator=(const CaughtError&) = delete;

  /// Null if there was no memory for the copy.
  const ErrorData* data() const noexcept { return data_; }

 private:
  // volatile: set between sigsetjmp and longjmp.
  volatile MemoryContext memory_ = nullptr;
  const ErrorData* volatile data_ = nullptr;
};

std::optional<std::string> text(const char* value) {
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

ErrorFields copy_fields(const ErrorData& error) {
  ErrorFields fields;
  for (const auto& [ours, theirs] : number_fields) fields.*ours = error.*theirs;
  for (const auto& [ours, theirs] : flag_fields) fields.*ours = error.*theirs;
  for (const auto& [ours, theirs] : constant_fields) fields.*ours = text(error.*theirs);
  for (const auto& [ours, theirs] : text_fields) fields.*ours = text(error.*theirs);
  return fields;
}

}  // namespace

bool PgError::is_cancel() const noexcept {
  // The function that serves interrupts: no RAISE gets its name.
  return sqlerrcode() == ERRCODE_QUERY_CANCELED && fields_->funcname == "ProcessInterrupts";
}

void run_guarded(void (*function)(void*), void* argument) {
  StateGuard state;
  sigjmp_buf landing;
  if (sigsetjmp(landing, 0) == 0) {
    PG_exception_stack = &landing;
    function(argument);
    state.returned();
    return;
  }
  state.restore();
  const CaughtError error;
  if (error.data() == nullptr) throw std::bad_alloc();
  throw PgError(copy_fields(*error.data()));
}

}  // namespace connector::pg
