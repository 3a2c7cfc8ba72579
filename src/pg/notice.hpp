// NOTICE, WARNING and lines of the server's log from C++.
#pragma once

#include <string_view>

namespace connector::pg {

/// Sends a NOTICE or WARNING; texts are UTF-8, `detail` and `hint` may be empty. Throws PgError (a broken connection).
void notice(std::string_view message, std::string_view detail = {}, std::string_view hint = {});
void warning(std::string_view message, std::string_view detail = {}, std::string_view hint = {});

/// Writes to the server's log at a level of PostgreSQL's (LOG, WARNING, …) and with an SQLSTATE, which may be empty;
/// a client is told as its client_min_messages says.
void log(int level, std::string_view sqlstate, std::string_view message, std::string_view detail,
         std::string_view hint);

}  // namespace connector::pg
