#include "pg/guard.hpp"

#include <new>

namespace connector::pg {

namespace {

/// What ereport(ERROR) leaves changed and the landing place has to put back. errfinish() zeroes the holdoff counts
/// before it jumps, so an outer HOLD_INTERRUPTS would be lost.
class StateGuard {
 public:
  StateGuard()
      : exception_stack_(PG_exception_stack),
        context_stack_(error_context_stack),
        memory_context_(CurrentMemoryContext),
        interrupt_holdoff_(InterruptHoldoffCount),
        cancel_holdoff_(QueryCancelHoldoffCount) {}
  ~StateGuard() {
    PG_exception_stack = exception_stack_;
    error_context_stack = context_stack_;
  }
  StateGuard(const StateGuard&) = delete;
  StateGuard& operator=(const StateGuard&) = delete;

  void restore_after_error() noexcept {
    PG_exception_stack = exception_stack_;
    error_context_stack = context_stack_;
    InterruptHoldoffCount = interrupt_holdoff_;
    QueryCancelHoldoffCount = cancel_holdoff_;
    CurrentMemoryContext = memory_context_;
  }

 private:
  sigjmp_buf* exception_stack_;
  ErrorContextCallback* context_stack_;
  MemoryContext memory_context_;
  uint32 interrupt_holdoff_;
  uint32 cancel_holdoff_;
};

/// Takes the current error off PostgreSQL's error stack. Null if even that failed for lack of memory.
ErrorData* take_error() {
  StateGuard state;
  ErrorData* volatile error = nullptr;
  sigjmp_buf landing;
  if (sigsetjmp(landing, 0) == 0) {
    PG_exception_stack = &landing;
    error = CopyErrorData();
  } else {
    state.restore_after_error();
  }
  FlushErrorState();
  return error;
}

std::optional<std::string> text(const char* value) {
  if (value == nullptr) return std::nullopt;
  return std::string(value);
}

ErrorFields copy_fields(const ErrorData& error) {
  ErrorFields fields;
  fields.elevel = error.elevel;
  fields.sqlerrcode = error.sqlerrcode;
  fields.output_to_server = error.output_to_server;
  fields.output_to_client = error.output_to_client;
  fields.hide_stmt = error.hide_stmt;
  fields.hide_ctx = error.hide_ctx;
  fields.lineno = error.lineno;
  fields.cursorpos = error.cursorpos;
  fields.internalpos = error.internalpos;
  fields.saved_errno = error.saved_errno;
  fields.filename = error.filename;
  fields.funcname = error.funcname;
  fields.domain = error.domain;
  fields.context_domain = error.context_domain;
  fields.message_id = error.message_id;
  fields.message = text(error.message);
  fields.detail = text(error.detail);
  fields.detail_log = text(error.detail_log);
  fields.hint = text(error.hint);
  fields.context = text(error.context);
  fields.backtrace = text(error.backtrace);
  fields.schema_name = text(error.schema_name);
  fields.table_name = text(error.table_name);
  fields.column_name = text(error.column_name);
  fields.datatype_name = text(error.datatype_name);
  fields.constraint_name = text(error.constraint_name);
  fields.internalquery = text(error.internalquery);
  return fields;
}

}  // namespace

void run_guarded(void (*function)(void*), void* argument) {
  StateGuard state;
  sigjmp_buf landing;
  if (sigsetjmp(landing, 0) == 0) {
    PG_exception_stack = &landing;
    function(argument);
    return;
  }
  state.restore_after_error();
  ErrorData* error = take_error();
  if (error == nullptr) throw std::bad_alloc();
  ErrorFields fields = copy_fields(*error);
  FreeErrorData(error);
  throw PgError(std::move(fields));
}

}  // namespace connector::pg
