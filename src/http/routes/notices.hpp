// What the database says beside an answer, as clients are told.
#pragma once

#include <string>
#include <vector>

#include "http/message/reply.hpp"

namespace connector::http {

/// Adds `notices`, a list of texts, as the last member of an object. The body is not read for that, as it may be long.
/// Where it is no object, each of the first five becomes a header Connector-Notice: its first line, in ASCII, at most
/// 300 characters. Nothing is added to an answer that is a failure.
void add_notices(Reply& reply, const std::vector<std::string>& notices);

}  // namespace connector::http
