// The first rows of a source as JSON.
#pragma once

#include "api/json.hpp"
#include "core/remote/source.hpp"
#include "load/read/plan.hpp"
#include "load/read/run.hpp"

namespace connector::api {

struct Preview {
  Json rows = Json::array();  ///< objects by local column name, each value as PostgreSQL prints it (NULL as null)
  Json warnings;              ///< null, or an object: where it shows less than was asked for
};

/// Reads the first `rows` rows of the source. Long values are cut, and the preview ends after some megabytes; a NOTICE
/// says so. Nothing is written.
Preview preview(core::Source& source, const load::LoadPlan& plan, const load::Run& run, std::int64_t rows);

}  // namespace connector::api
