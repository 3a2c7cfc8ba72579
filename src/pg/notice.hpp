// NOTICE and WARNING from C++.
#pragma once

#include <string_view>

namespace connector::pg {

/// Sends a NOTICE or WARNING; texts are UTF-8, `detail` may be empty. Throws PgError (a broken connection).
void notice(std::string_view message, std::string_view detail = {});
void warning(std::string_view message, std::string_view detail = {});

}  // namespace connector::pg
