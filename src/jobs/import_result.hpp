// What is kept and told of an import.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <vector>

#include "jobs/import_run.hpp"
#include "jobs/request.hpp"
#include "load/refresh/schema_change.hpp"
#include "store/imports.hpp"

namespace connector::jobs {

/// The import as it is remembered; ImportRecord::result is the answer that its caller gets.
store::ImportRecord import_record(const Request& request, const ImportRun& run, const std::string& item_queue_id);

/// What the request reads and fills, in words.
store::RequestTexts request_texts(const core::ConnectorSpec& spec);

/// `schema_changes` of a run: a JSON array in UTF-8, or nothing if there are none.
std::optional<std::string> schema_changes_text(const std::vector<load::SchemaChange>& changes);

/// `warnings` of the answer: a JSON object in UTF-8, or nothing if there are none.
std::optional<std::string> import_warnings(const load::LoadResult& result);

}  // namespace connector::jobs
