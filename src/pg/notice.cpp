#include "pg/notice.hpp"

#include "pg/postgres.hpp"

#include "pg/guard.hpp"
#include "pg/pg_error.hpp"
#include "pg/text.hpp"

namespace connector::pg {

namespace {

void report(int level, int sqlerrcode, std::string_view message, std::string_view detail, std::string_view hint) {
  const std::string server_message = server_text(message);
  const std::string server_detail = server_text(detail);
  const std::string server_hint = server_text(hint);
  guard([&] {
    // No CONTEXT: PL/pgSQL would show the statement with the request in it, passwords too.
    ErrorContextCallback* const context = error_context_stack;
    error_context_stack = nullptr;
    ereport(level, (errcode(sqlerrcode), errmsg_internal("%s", server_message.c_str()),
                    server_detail.empty() ? 0 : errdetail_internal("%s", server_detail.c_str()),
                    server_hint.empty() ? 0 : errhint("%s", server_hint.c_str())));
    error_context_stack = context;
  });
}

}  // namespace

void notice(std::string_view message, std::string_view detail, std::string_view hint) {
  report(NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, message, detail, hint);
}
void warning(std::string_view message, std::string_view detail, std::string_view hint) {
  report(WARNING, ERRCODE_WARNING, message, detail, hint);
}

void log(int level, std::string_view sqlstate, std::string_view message, std::string_view detail,
         std::string_view hint) {
  report(level, sqlstate.empty() ? ERRCODE_SUCCESSFUL_COMPLETION : sqlstate_code(sqlstate), message, detail, hint);
}

}  // namespace connector::pg
