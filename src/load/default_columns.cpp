#include "load/default_columns.hpp"

#include <algorithm>
#include <optional>

#include "core/names.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::load {

namespace {

constexpr const char* id_column = "cartodb_id";
constexpr const char* geometry_column = "the_geom";
constexpr const char* webmercator_column = "the_geom_webmercator";
/// Names that CARTO's importer takes for a geometry, in its order.
constexpr const char* geometry_names[] = {"the_geom", "geom", "geometry", "wkb_geometry", "geojson", "wkt"};

/// The schema of an installed extension, quoted; nothing if it is not installed.
std::optional<std::string> extension_schema(const char* extension) {
  const pg::SqlRows rows = pg::query(
      "SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace "
      "WHERE e.extname = $1",
      {{NAMEOID, extension}});
  if (rows.empty()) return std::nullopt;
  return pg::quote_name(*rows[0][0]);
}

PlannedColumn* find_column(LoadPlan& plan, std::string_view name) {
  const auto found =
      std::ranges::find_if(plan.columns, [&](const PlannedColumn& column) { return column.name == name; });
  return found == plan.columns.end() ? nullptr : &*found;
}

std::string quoted(const std::string& utf8_name) {
  return pg::quote_name(pg::exact_server_text(utf8_name));
}

/// A column of the source that has a default column's name is renamed.
void make_way(const std::string& table, LoadPlan& plan, const std::string& name) {
  PlannedColumn* column = find_column(plan, name);
  if (column == nullptr) return;
  const std::string other = core::unused_name(
      "source_" + name, [&](const std::string& candidate) { return find_column(plan, candidate) != nullptr; });
  pg::execute("ALTER TABLE " + table + " RENAME COLUMN " + quoted(name) + " TO " + quoted(other));
  pg::notice("column \"" + name + "\" of the source is named \"" + other + "\" locally",
             "The name belongs to a default column.");
  column->name = other;
}

/// The column that the_geom is filled from, and how to read a geometry from it; nothing if there is none.
struct GeometrySource {
  std::string column;  ///< local name
  std::string parsed;  ///< SQL expression of type geometry
};

/// The type of PostGIS, whatever its schema and modifier.
bool is_geometry(const PlannedColumn& column) {
  return logical_type(column.target).kind == core::TypeKind::geometry;
}

std::optional<GeometrySource> geometry_source(LoadPlan& plan, const std::string& postgis) {
  const auto read_as = [&](const PlannedColumn& column) -> std::string {
    const std::string value = quoted(column.name);
    if (is_geometry(column)) return value;
    switch (column.target.oid) {
      case BYTEAOID:
        return postgis + ".ST_GeomFromEWKB(" + value + ")";
      case TEXTOID:
      case VARCHAROID:
      case BPCHAROID:
        return "CASE WHEN " + value + " ~ '^\\s*$' THEN NULL WHEN " + value + " ~ '^\\s*\\{' THEN " + postgis +
               ".ST_GeomFromGeoJSON(" + value + "::text) WHEN " + value + " ~ '^\\s*[0-9A-Fa-f]+\\s*$' THEN " +
               postgis + ".ST_GeomFromEWKB(pg_catalog.decode(pg_catalog.btrim(" + value + "::text), 'hex')) ELSE " +
               postgis + ".ST_GeomFromEWKT(" + value + "::text) END";
      case JSONOID:
      case JSONBOID:
        return postgis + ".ST_GeomFromGeoJSON(" + value + ")";
      default:
        return {};
    }
  };
  // A real geometry first, then the names.
  for (const PlannedColumn& column : plan.columns) {
    if (is_geometry(column)) return GeometrySource{column.name, read_as(column)};
  }
  for (const char* name : geometry_names) {
    const PlannedColumn* column = find_column(plan, name);
    if (column == nullptr) column = find_column(plan, std::string("source_") + name);
    if (column == nullptr) continue;
    if (std::string expression = read_as(*column); !expression.empty()) return GeometrySource{column->name, expression};
  }
  return std::nullopt;
}

/// In degrees, two-dimensional; a geometry without SRID is taken to be in degrees already.
std::string in_degrees(const std::string& geometry, const std::string& postgis) {
  return postgis + ".ST_Force2D((SELECT CASE " + postgis + ".ST_SRID(g) WHEN 4326 THEN g WHEN 0 THEN " + postgis +
         ".ST_SetSRID(g, 4326) ELSE " + postgis + ".ST_Transform(g, 4326) END FROM (SELECT " + geometry +
         " AS g) AS source))";
}

/// In web mercator, which ends before the poles: what lies beyond is cut off.
std::string in_webmercator(const std::string& degrees, const std::string& postgis) {
  const std::string world = postgis + ".ST_MakeEnvelope(-180, -85.06, 180, 85.06, 4326)";
  return "(SELECT " + postgis + ".ST_Transform(CASE WHEN d OPERATOR(" + postgis + ".@) " + world + " THEN d ELSE " +
         postgis + ".ST_Intersection(d, " + world + ") END, 3857) FROM (SELECT " + degrees + " AS d) AS source)";
}

void fill_geometry(const std::string& table, LoadPlan& plan, const std::string& postgis) {
  const std::optional<GeometrySource> source = geometry_source(plan, postgis);
  if (!source) return;
  try {
    pg::in_subtransaction([&] {
      pg::execute("UPDATE " + table + " SET " + geometry_column + " = " + in_degrees(source->parsed, postgis) + ", " +
                  webmercator_column + " = " + in_webmercator(in_degrees(source->parsed, postgis), postgis));
    });
  } catch (const pg::PgError& error) {
    // The rows are in; that their geometry can't be read is no reason to throw them away.
    pg::warning("the_geom is not filled from column \"" + source->column + "\"",
                std::string("Its values can't be read as geometry: ") + error.what() + ".");
  }
}

}  // namespace

void add_default_columns(const std::string& schema, const std::string& name, LoadPlan& plan) {
  const std::string table = pg::quote_qualified(schema, name);
  if (const auto cartodb = extension_schema("cartodb")) {
    pg::query("SELECT " + *cartodb + ".CDB_CartodbfyTable($1, $2::pg_catalog.regclass)",
              {{TEXTOID, schema}, {TEXTOID, table}});
    plan.primary_key.clear();
    return;
  }
  for (const char* column : {id_column, geometry_column, webmercator_column}) make_way(table, plan, column);
  const std::optional<std::string> postgis = extension_schema("postgis");
  if (postgis) {
    pg::execute("ALTER TABLE " + table + " ADD COLUMN " + geometry_column + " " + *postgis +
                ".geometry(Geometry,4326), ADD COLUMN " + webmercator_column + " " + *postgis +
                ".geometry(Geometry,3857)");
    fill_geometry(table, plan, *postgis);
  }
  // Adding an identity column writes the table anew, which also drops the dead rows that filling the geometry left.
  pg::execute("ALTER TABLE " + table + " ADD COLUMN " + id_column +
              " bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY");
  if (postgis) {
    for (const char* column : {geometry_column, webmercator_column}) {
      pg::execute("CREATE INDEX ON " + table + " USING gist (" + column + ")");
    }
  }
  if (!plan.primary_key.empty()) {
    std::string key;
    for (const std::size_t index : plan.primary_key)
      key += (key.empty() ? "" : ", ") + quoted(plan.columns[index].name);
    pg::execute("ALTER TABLE " + table + " ADD UNIQUE (" + key + ")");
    plan.primary_key.clear();
  }
}

}  // namespace connector::load
