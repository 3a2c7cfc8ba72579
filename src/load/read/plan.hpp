// What an import is going to do with a described source: which columns, under which names, as which types.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/request/connector_spec.hpp"
#include "core/remote/provider.hpp"
#include "load/read/run.hpp"
#include "load/read/local_type.hpp"

namespace connector::load {

/// A column that is loaded.
struct PlannedColumn {
  std::size_t remote = 0;   ///< index in SourceDescription::columns
  std::string remote_name;  ///< UTF-8, like all names
  std::string name;         ///< local name
  LocalType natural;        ///< what the batch's values are
  LocalType target;         ///< what the local column is; differs from natural if the request asked so
  bool not_null = false;
  std::string comment;
};

/// A column that is left out, and why.
struct SkippedColumn {
  std::string remote_name;
  std::string remote_type;
  std::string reason;
};

struct LoadPlan {
  std::string provider;  ///< its id
  std::vector<PlannedColumn> columns;
  std::vector<SkippedColumn> skipped;
  std::vector<std::size_t> primary_key;  ///< indexes into columns; empty = none
  /// Names that normalising or cutting changed: remote and local.
  std::vector<std::pair<std::string, std::string>> renamed;

  std::vector<std::size_t> remote_columns() const;
};

/// Local names of a table's columns by those of its source.
using ColumnNames = std::map<std::string, std::string>;
ColumnNames column_names(const LoadPlan& plan);

/// A foreign key of a source whose columns are all here.
struct PlannedForeignKey {
  core::RemoteForeignKey key;        ///< the source's
  std::vector<std::string> columns;  ///< by their local names
};

/// What a driver is to describe for the request.
core::SourceRequest source_request(const core::ConnectorSpec& spec);

/// Has the driver describe what the request asks for, with the local types that it names.
std::unique_ptr<core::Source> describe_source(const core::ConnectorSpec& spec, core::Connection& connection);

/// Makes the plan. Throws core::Error: too_many_columns beyond `max_columns`, duplicated_column for verbatim names,
/// cannot_read if no column can be imported.
LoadPlan make_plan(const core::ConnectorSpec& spec, const core::SourceDescription& source, int max_columns);

/// Says with NOTICE what is not named as in the source, and what is left out. `local_name` (UTF-8) is the table's.
void report_plan(const core::ConnectorSpec& spec, const std::string& local_name, const LoadPlan& plan);

/// The local table's name the request asks for, before collisions are looked at (UTF-8).
std::string wanted_table_name(const core::ConnectorSpec& spec);

}  // namespace connector::load
