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
    ereport(level, (errmsg_internal("%s", server_message.c_str()),
                    server_detail.empty() ? 0 : errdetail_internal("%s", server_detail.c_str())));
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
