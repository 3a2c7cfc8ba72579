// JSON results.
#pragma once

#include "pg/postgres.hpp"

#include <string>

#include <nlohmann/json.hpp>

namespace connector::api {

/// JSON whose members keep the order they were added in.
using Json = nlohmann::ordered_json;

/// In one line, in UTF-8, with nothing that the database's encoding lacks. What is not UTF-8 in it is replaced.
std::string json_text(const Json& json);

/// The same as a `json` Datum in the current memory context.
Datum json_datum(const Json& json);

/// In lines and indented, for people: what fits into a line stays in one.
Datum readable_json_datum(const Json& json);

}  // namespace connector::api
