#include "pg/entry.hpp"

#include <cstring>
#include <new>

#include "core/error.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "utils/memutils.h"
}

namespace connector::pg {

struct Raisable {
  enum class Kind { error_data, interrupted, out_of_memory } kind;
  ErrorData data;
};

namespace {

/// Used when there is no memory to describe anything.
Raisable out_of_memory_error{Raisable::Kind::out_of_memory, {}};
Raisable interrupted_error{Raisable::Kind::interrupted, {}};

/// Copies a text into the context that an error handler would find its texts in; null without memory.
char* copy(const std::string& text) noexcept {
  auto* result =
      static_cast<char*>(MemoryContextAllocExtended(CurrentMemoryContext, text.size() + 1, MCXT_ALLOC_NO_OOM));
  if (result != nullptr) std::memcpy(result, text.c_str(), text.size() + 1);
  return result;
}

char* copy(const std::optional<std::string>& text) noexcept {
  return text ? copy(*text) : nullptr;
}

Raisable* allocate() noexcept {
  auto* result = static_cast<Raisable*>(
      MemoryContextAllocExtended(CurrentMemoryContext, sizeof(Raisable), MCXT_ALLOC_NO_OOM | MCXT_ALLOC_ZERO));
  if (result == nullptr) return &out_of_memory_error;
  result->kind = Raisable::Kind::error_data;
  result->data.elevel = ERROR;
  result->data.output_to_server = true;
  result->data.output_to_client = true;
  return result;
}

Raisable* describe(const ErrorFields& fields) noexcept {
  Raisable* result = allocate();
  if (result == &out_of_memory_error) return result;
  ErrorData& data = result->data;
  data.elevel = fields.elevel;
  data.sqlerrcode = fields.sqlerrcode;
  data.output_to_server = fields.output_to_server;
  data.output_to_client = fields.output_to_client;
  data.hide_stmt = fields.hide_stmt;
  data.hide_ctx = fields.hide_ctx;
  data.lineno = fields.lineno;
  data.cursorpos = fields.cursorpos;
  data.internalpos = fields.internalpos;
  data.saved_errno = fields.saved_errno;
  data.filename = fields.filename;
  data.funcname = fields.funcname;
  data.domain = fields.domain;
  data.context_domain = fields.context_domain;
  data.message_id = fields.message_id;
  data.message = copy(fields.message);
  data.detail = copy(fields.detail);
  data.detail_log = copy(fields.detail_log);
  data.hint = copy(fields.hint);
  data.context = copy(fields.context);
  data.backtrace = copy(fields.backtrace);
  data.schema_name = copy(fields.schema_name);
  data.table_name = copy(fields.table_name);
  data.column_name = copy(fields.column_name);
  data.datatype_name = copy(fields.datatype_name);
  data.constraint_name = copy(fields.constraint_name);
  data.internalquery = copy(fields.internalquery);
  return result;
}

int sqlstate_code(std::string_view sqlstate) noexcept {
  return MAKE_SQLSTATE(sqlstate[0], sqlstate[1], sqlstate[2], sqlstate[3], sqlstate[4]);
}

Raisable* describe(const core::Error& error) noexcept {
  Raisable* result = allocate();
  if (result == &out_of_memory_error) return result;
  result->data.sqlerrcode = sqlstate_code(error.sqlstate());
  result->data.message = copy(server_text(error.message()));
  if (!error.detail().empty()) result->data.detail = copy(server_text(error.detail()));
  if (!error.hint().empty()) result->data.hint = copy(server_text(error.hint()));
  return result;
}

Raisable* describe_unexpected(const char* what) noexcept {
  Raisable* result = allocate();
  if (result == &out_of_memory_error) return result;
  result->data.sqlerrcode = ERRCODE_INTERNAL_ERROR;
  try {
    result->data.message = copy(std::string("unexpected exception in connector: ") + what);
  } catch (...) {
    return &out_of_memory_error;
  }
  return result;
}

}  // namespace

Raisable* describe_current_exception() noexcept {
  try {
    throw;
  } catch (const core::Interrupted&) {
    return &interrupted_error;
  } catch (const PgError& error) {
    return describe(error.fields());
  } catch (const core::Error& error) {
    return describe(error);
  } catch (const std::bad_alloc&) {
    return &out_of_memory_error;
  } catch (const std::exception& error) {
    return describe_unexpected(error.what());
  } catch (...) {
    return describe_unexpected("not a std::exception");
  }
}

void raise(Raisable* error) {
  switch (error->kind) {
    case Raisable::Kind::error_data:
      if (error->data.message_id != nullptr || error->data.filename != nullptr) {
        // A PostgreSQL error: it goes on as it was, with the context lines it collected where it arose.
        error->data.assoc_context = CurrentMemoryContext;
        ReThrowError(&error->data);
      }
      // Our own: raised here, so that the context of the calling SQL is added.
      ereport(ERROR,
              (errcode(error->data.sqlerrcode), errmsg_internal("%s", error->data.message ? error->data.message : ""),
               error->data.detail ? errdetail_internal("%s", error->data.detail) : 0,
               error->data.hint ? errhint("%s", error->data.hint) : 0));
      break;
    case Raisable::Kind::interrupted:
      CHECK_FOR_INTERRUPTS();
      // The request vanished meanwhile (it was answered by somebody else): still do not go on.
      ereport(ERROR, (errcode(ERRCODE_QUERY_CANCELED), errmsg("canceling statement due to user request")));
      break;
    case Raisable::Kind::out_of_memory:
      ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
                      errdetail("The connector could not allocate memory outside PostgreSQL's own memory contexts.")));
      break;
  }
  pg_unreachable();
}

}  // namespace connector::pg
