// Imports as clients of the original know them.
#pragma once

#include <string>

namespace connector::http {

/// What cdb_import_status() tells, with the members of the original's presenter before its own and in that order.
/// `success` is there only when the import has ended; `visualization_id` is the import's own id when there is a table.
std::string import_object(const std::string& status);

}  // namespace connector::http
