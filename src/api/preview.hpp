// The first rows of a source as JSON.
#pragma once

#include "api/json.hpp"
#include "api/request.hpp"
#include "load/plan.hpp"

namespace connector::api {

/// Opens the source and returns its first `rows` rows as an array of objects by local column name, each value as
/// PostgreSQL prints it (NULL as null). Nothing is written.
Json preview(core::Source& source, const load::LoadPlan& plan, const Request& request, std::int64_t rows);

}  // namespace connector::api
