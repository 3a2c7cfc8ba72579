// Ids in paths.
#pragma once

#include <string>

#include "http/routes/call.hpp"

namespace connector::http {

/// The first value of the path, which must be a uuid: anything else is nothing that there is. Throws Refusal (404).
std::string uuid_of_path(const Call& call);

}  // namespace connector::http
