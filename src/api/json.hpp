// JSON results.
#pragma once

#include "pg/postgres.hpp"

#include <nlohmann/json.hpp>

namespace connector::api {

/// JSON whose members keep the order they were added in.
using Json = nlohmann::ordered_json;

/// As a `json` Datum in the current memory context. Strings in it must be UTF-8; what is not is replaced.
Datum json_datum(const Json& json);

/// The same in lines and indented, for people: what fits into a line stays in one.
Datum readable_json_datum(const Json& json);

}  // namespace connector::api
