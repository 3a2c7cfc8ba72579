// The columns that CARTO's tables have (SPEC 4.6).
#pragma once

#include <string>

#include "load/plan.hpp"
#include "load/target_table.hpp"

namespace connector::load {

/// Adds cartodb_id and, where PostGIS is installed, the_geom and the_geom_webmercator with their indexes to a freshly
/// filled table; with the extension cartodb its CDB_CartodbfyTable does it. Takes the place of the remote primary key.
void add_default_columns(const TargetSchema& schema, const std::string& name, LoadPlan& plan);

}  // namespace connector::load
