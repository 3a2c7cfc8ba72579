// What is special about a request for a foreign table.
#pragma once

#include <string>

#include "core/base/json.hpp"
#include "core/request/request_reader.hpp"

namespace connector::core {

/// Reports the keys that say how rows are brought here: a foreign table has none.
void refuse_keys_of_imports(const ObjectReader& reader, Problems& problems);

/// Reports a `connection` that is an object of parameters, and advises how a server and a user mapping are made of it,
/// without any password. `info`: the provider, or null if the request names none.
void refuse_connection_object(const JsonValue& connection, const ProviderInfo* info, Problems& problems);

}  // namespace connector::core
