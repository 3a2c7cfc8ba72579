#include "pg/notice.hpp"

#include "pg/postgres.hpp"

#include "pg/guard.hpp"
#include "pg/text.hpp"

namespace connector::pg {

namespace {

void report(int level, std::string_view message, std::string_view detail) {
  const std::string server_message = server_text(message);
  const std::string server_detail = server_text(detail);
  guard([&] {
    // No CONTEXT: PL/pgSQL would show the statement with the request in it, passwords too.
    ErrorContextCallback* const context = error_context_stack;
    error_context_stack = nullptr;
    ereport(level, (errmsg_internal("%s", server_message.c_str()),
                    server_detail.empty() ? 0 : errdetail_internal("%s", server_detail.c_str())));
    error_context_stack = context;
  });
}

}  // namespace

void notice(std::string_view message, std::string_view detail) {
  report(NOTICE, message, detail);
}
void warning(std::string_view message, std::string_view detail) {
  report(WARNING, message, detail);
}

}  // namespace connector::pg
