// What the server said of a statement that succeeded.
#pragma once

#include <string_view>
#include <vector>

#include "core/remote/provider.hpp"
#include "drivers/mysql/session.hpp"

namespace connector::mysql {

/// The warnings of the last statement, of which the server counted `count`, one entry for each number. Throws Error
/// (cannot_read, fetch) if one says that the result is not what the statement asks for. `summary` stands in front.
std::vector<core::RemoteWarning> read_warnings(Session& session, unsigned count, std::string_view summary);

}  // namespace connector::mysql
