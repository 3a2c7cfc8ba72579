// What the server says beside the answer to a statement.
#pragma once

#include <libpq-fe.h>

#include <optional>
#include <string>

namespace connector::http {

/// Of a NOTICE or a WARNING: message, detail and hint, each beginning a line, cut at a character to 2 kB. Nothing for
/// what else a role may have asked for (client_min_messages: DEBUG, LOG).
std::optional<std::string> notice_text(const PGresult* result);

}  // namespace connector::http
