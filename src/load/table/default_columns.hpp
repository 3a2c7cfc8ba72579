// The columns that CARTO's tables have.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "load/read/plan.hpp"
#include "load/table/layout.hpp"
#include "load/table/target.hpp"

namespace connector::load {

/// One of them, as a new table gets it.
struct DefaultColumn {
  const char* name;
  std::string type;        ///< SQL
  std::string generation;  ///< SQL that follows the type; empty if it is filled from the source
};

/// The columns that a new table begins with: cartodb_id and, where PostGIS is installed, the_geom and
/// the_geom_webmercator; none where the extension cartodb is installed, whose CDB_CartodbfyTable adds them at the end.
std::vector<DefaultColumn> new_default_columns();

/// Says with a NOTICE what a new table does not get because PostGIS is missing: default columns, if asked for, and
/// columns of geometry types.
void report_missing_postgis(const LoadPlan& plan, const core::SourceDescription& source, bool default_columns);

/// Renames those of the plan's columns that have a default column's name and give way, with a NOTICE each. A geometry
/// named the_geom in 4326 is that column itself, and beside it one named the_geom_webmercator in 3857.
void rename_for_new_table(LoadPlan& plan);

/// The same for a table that is there: its columns stay what they are. What is no column of the source any more but a
/// default column is taken out of the layout (may be nothing).
void rename_for_refresh(LoadPlan& plan, const RefreshTarget& target, std::optional<Layout>& layout);

/// Fills the geometry columns of a freshly loaded table and adds keys and indexes, or calls the extension cartodb's
/// CDB_CartodbfyTable. cartodb_id becomes the primary key: the plan's own key is kept as a unique constraint, and taken
/// out of the plan. `schema` and `name` are in the database's encoding.
/// With `has_key` the table has a primary key already (of an event trigger's), and cartodb_id is unique beside it.
void finish_default_columns(const std::string& schema, const std::string& name, LoadPlan& plan, bool has_key);

constexpr const char* default_id_column = "cartodb_id";

/// Whether a column of that name is one of them.
bool is_default_column(std::string_view name);

/// the_geom and the_geom_webmercator.
std::vector<std::string> geometry_columns();

/// Fills the_geom and the_geom_webmercator of a freshly loaded table (quoted, with schema) that has them, and writes it
/// anew; a source's own the_geom stays as it is. Without PostGIS, or a column to fill them from, nothing happens.
void fill_default_geometry(const std::string& table, const LoadPlan& plan);

}  // namespace connector::load
