// Rows of the extension's views as JSON objects: lists of columns for statements, under the views' names of them.
//
// Times are in UTC and intervals are seconds, whatever the role has set. Names, operators and types of PostgreSQL have
// their schema, as its search_path may be any.
#pragma once

#include <string>

namespace connector::http {

/// The expression, of type timestamptz, as the text of a time: 2026-11-30T02:14:07.120+00:00.
std::string time_sql(const std::string& expression);

/// A list of the rows of `query` as objects, in their order: of type json, never NULL.
std::string objects_sql(const std::string& query);

/// How much of each row. A list of many has neither requests, which may have a megabyte each, nor more than the first
/// 1000 characters of a text that tells of a failure.
enum class Detail { listed, whole };

/// Columns of connector.syncs AS s, and `may_change`.
std::string sync_columns(Detail detail);

/// Columns of connector.imports AS i, and `may_change`.
std::string import_columns(Detail detail);

/// All columns of connector.runs AS r.
std::string run_columns();

/// All columns of connector.progress AS p, and `seconds_since_last_row`.
std::string progress_columns();

}  // namespace connector::http
