// KEY=value;KEY={value}: what SQLDriverConnect is called with.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace hostile {

/// Values by keys in lower case.
using Attributes = std::map<std::string, std::string>;

/// The attributes of a connection string. A value in braces ends at a brace that is not doubled.
Attributes read_connection_string(std::string_view text);

}  // namespace hostile
