// The request as a JSON Schema, for editors and forms.
#pragma once

#include "pg/postgres.hpp"

#include "api/json.hpp"
#include "core/remote/provider.hpp"

namespace connector::api {

/// The type of JSON that the key takes, or an array of several: "string", "integer", "boolean", "object", "array".
Json json_types(const core::ParameterInfo& parameter);

/// A JSON Schema (draft 2020-12) of the requests that the provider takes, bare or wrapped. Keys are in lower case.
Json request_schema(const core::ProviderInfo& provider);

}  // namespace connector::api
