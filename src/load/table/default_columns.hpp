// The columns that CARTO's tables have.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "load/read/plan.hpp"

namespace connector::load {

/// Adds cartodb_id and, where PostGIS is installed, the_geom and the_geom_webmercator with their indexes to a freshly
/// filled table; where the extension cartodb is installed, its CDB_CartodbfyTable does it instead. cartodb_id becomes
/// the primary key: the plan's own key is kept as a unique constraint, and taken out of the plan. `schema` and `name`
/// are in the database's encoding. A column of the source that has one of the three names gives way.
/// With `has_key` the table has a primary key already (of an event trigger's), and cartodb_id is unique beside it.
void add_default_columns(const std::string& schema, const std::string& name, LoadPlan& plan, bool has_key);

/// Whether a column of that name is one of them.
bool is_default_column(std::string_view name);

/// the_geom and the_geom_webmercator.
std::vector<std::string> geometry_columns();

/// Gives the plan's columns the names that add_default_columns() leaves them with.
void rename_for_default_columns(LoadPlan& plan);

/// Fills the_geom and the_geom_webmercator of a freshly loaded table (quoted, with schema) that has them, and writes it
/// anew. Without PostGIS, or a column to fill them from, nothing happens.
void fill_default_geometry(const std::string& table, const LoadPlan& plan);

}  // namespace connector::load
