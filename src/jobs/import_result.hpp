// What is kept and told of an import.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "jobs/import_run.hpp"
#include "jobs/request.hpp"
#include "store/imports.hpp"

namespace connector::jobs {

/// The import as it is remembered; ImportRecord::result is the answer that its caller gets.
store::ImportRecord import_record(const Request& request, const ImportRun& run, const std::string& item_queue_id);

/// `warnings` of the answer: a JSON object in UTF-8, or nothing if there are none.
std::optional<std::string> import_warnings(const load::LoadResult& result);

}  // namespace connector::jobs
