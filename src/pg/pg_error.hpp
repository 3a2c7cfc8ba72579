// A PostgreSQL ERROR as a C++ exception.
#pragma once

#include "pg/postgres.hpp"

#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace connector::pg {

/// All of ErrorData that can be told to somebody, in C++ memory. (elevel is always ERROR: what is more never lands.)
struct ErrorFields {
  int sqlerrcode = 0;
  bool output_to_server = true;
  bool output_to_client = true;
  bool hide_stmt = false;
  bool hide_ctx = false;
  int lineno = 0;
  int cursorpos = 0;
  int internalpos = 0;
  int saved_errno = 0;
  std::optional<std::string> message, detail, detail_log, hint, context, backtrace;
  std::optional<std::string> schema_name, table_name, column_name, datatype_name, constraint_name, internalquery;
  // Constants by their type, but an error of a parallel worker or of JIT-compiled code has them in passing memory.
  std::optional<std::string> filename, funcname, domain, context_domain, message_id;
};

/// PostgreSQL's number of an SQLSTATE of five characters.
inline int sqlstate_code(std::string_view sqlstate) noexcept {
  return MAKE_SQLSTATE(sqlstate[0], sqlstate[1], sqlstate[2], sqlstate[3], sqlstate[4]);
}

/// A PostgreSQL ERROR on its way through C++ code. Copies share the fields.
class PgError : public std::exception {
 public:
  explicit PgError(ErrorFields fields) : fields_(std::make_shared<const ErrorFields>(std::move(fields))) {}
  const char* what() const noexcept override { return fields_->message ? fields_->message->c_str() : ""; }
  const ErrorFields& fields() const noexcept { return *fields_; }
  int sqlerrcode() const noexcept { return fields_->sqlerrcode; }
  /// True if PostgreSQL itself answered a cancel or a timeout of the statement, false if code of a user's raised an
  /// error with the SQLSTATE of one.
  bool is_cancel() const noexcept;

 private:
  std::shared_ptr<const ErrorFields> fields_;
};

}  // namespace connector::pg
