#include "load/table/default_columns.hpp"

#include <algorithm>
#include <optional>

#include "core/base/list_text.hpp"
#include "core/request/names.hpp"
#include "core/base/utf8.hpp"
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

constexpr const char* geometry_column = "the_geom";
constexpr const char* webmercator_column = "the_geom_webmercator";
/// What a column of the source that is named the_geom becomes.
constexpr const char* renamed_geometry = "source_the_geom";
/// Names that CARTO's importer takes for a geometry, in its order.
constexpr const char* geometry_names[] = {"the_geom", "geom", "geometry", "wkb_geometry", "geojson", "wkt"};

/// The schema of an installed extension, quoted if it must be; nothing if it is not installed.
std::optional<std::string> extension_schema(const char* extension) {
  const pg::SqlRows rows = pg::catalog_query(
      "SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname "
      "= $1",
      {{NAMEOID, extension}});
  if (rows.empty()) return std::nullopt;
  return *rows[0][0];
}

template <typename Plan>
auto find_column(Plan& plan, std::string_view name) {
  const auto found =
      std::ranges::find_if(plan.columns, [&](const PlannedColumn& column) { return column.name == name; });
  return found == plan.columns.end() ? nullptr : &*found;
}

std::string quoted(const std::string& utf8_name) {
  return pg::quote_name(pg::exact_server_text(utf8_name));
}

/// The name that a column of the source gets which has a default column's name.
std::string other_name(LoadPlan& plan, const std::string& name) {
  return core::unused_name("source_" + name,
                           [&](const std::string& candidate) { return find_column(plan, candidate) != nullptr; });
}

/// The type of PostGIS, whatever its schema and modifier.
bool is_geometry(const LocalType& type) {
  return logical_type(type).kind == core::TypeKind::geometry;
}

constexpr const char* srid_of(std::string_view geometry_name) {
  return geometry_name == geometry_column ? "4326" : "3857";
}

/// Whether all values of the type are geometries in that SRID.
bool is_geometry_in(const LocalType& type, const std::string& srid, const std::string& postgis) {
  if (!is_geometry(type)) return false;
  const pg::SqlRows rows =
      pg::query("SELECT " + postgis + ".postgis_typmod_srid($1)", {{INT4OID, std::to_string(type.typmod)}});
  return rows.at(0).at(0) == srid;
}

/// Which of the source's columns have a default column's name and give way; `is_used(column)` says of those that could
/// be the default column themselves whether they are.
template <typename IsUsed>
std::vector<PlannedColumn*> columns_that_give_way(LoadPlan& plan, IsUsed&& is_used) {
  std::vector<PlannedColumn*> columns;
  if (PlannedColumn* id = find_column(plan, default_id_column)) columns.push_back(id);
  const std::optional<std::string> postgis = extension_schema("postgis");
  if (!postgis) return columns;
  bool used = true;  // the second only beside the first
  for (const char* name : {geometry_column, webmercator_column}) {
    PlannedColumn* column = find_column(plan, name);
    used = used && column != nullptr && is_used(*column, is_geometry_in(column->target, srid_of(name), *postgis));
    if (column != nullptr && !used) columns.push_back(column);
  }
  return columns;
}

/// SQL that reads a geometry from the column; empty for types that can't hold one.
std::string geometry_from(const PlannedColumn& column, const std::string& postgis) {
  std::string value = quoted(column.name);
  if (is_geometry(column.target)) return value;
  switch (column.target.oid) {
    case BYTEAOID:
      return postgis + ".ST_GeomFromEWKB(" + value + ")";
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID: {
      const std::string text = "pg_catalog.btrim(" + value + "::pg_catalog.text, E' \\t\\r\\n')";
      return "CASE WHEN " + text + " OPERATOR(pg_catalog.=) ''::pg_catalog.text THEN NULL WHEN " + text +
             " OPERATOR(pg_catalog.~~) '{%'::pg_catalog.text THEN " + postgis + ".ST_GeomFromGeoJSON(" + text +
             ") WHEN " + text + " OPERATOR(pg_catalog.~) '^[0-9A-Fa-f]+$'::pg_catalog.text THEN " + postgis +
             ".ST_GeomFromEWKB(pg_catalog.decode(" + text + ", 'hex')) ELSE " + postgis + ".ST_GeomFromEWKT(" + text +
             ") END";
    }
    case JSONOID:
    case JSONBOID:
      return postgis + ".ST_GeomFromGeoJSON(" + value + ")";
    default:
      return {};
  }
}

/// The column that the_geom is filled from: a real geometry first, then the names; an index into the plan's columns.
std::optional<std::size_t> geometry_source(const LoadPlan& plan, const std::string& postgis) {
  const auto index_of = [&](auto&& matches) -> std::optional<std::size_t> {
    const auto found = std::ranges::find_if(plan.columns, matches);
    if (found == plan.columns.end()) return std::nullopt;
    return static_cast<std::size_t>(found - plan.columns.begin());
  };
  if (const PlannedColumn* used = find_column(plan, geometry_column); used != nullptr && is_geometry(used->target)) {
    return used - plan.columns.data();
  }
  if (const auto index = index_of([](const PlannedColumn& column) { return is_geometry(column.target); })) return index;
  // The source's the_geom goes by another name here, which another of its columns may have there.
  const auto gave_way = [](const PlannedColumn& column) {
    return core::lower_ascii(column.remote_name) == geometry_column && column.name.starts_with(renamed_geometry);
  };
  const auto readable = [&](const PlannedColumn& column) { return !geometry_from(column, postgis).empty(); };
  if (const auto index = index_of([&](const PlannedColumn& c) { return gave_way(c) && readable(c); })) return index;
  for (const char* name : geometry_names) {
    const auto index = index_of([&](const PlannedColumn& column) {
      const std::string lower = core::lower_ascii(column.name);
      const bool named = lower == name || (lower == renamed_geometry && std::string_view(name) == geometry_column);
      return named && readable(column);
    });
    if (index) return index;
  }
  return std::nullopt;
}

/// In degrees, two-dimensional; a geometry without SRID is taken to be in degrees already.
std::string in_degrees(const std::string& geometry, const std::string& postgis) {
  const auto srid_is = [&](const char* srid) { return postgis + ".ST_SRID(g) OPERATOR(pg_catalog.=) " + srid; };
  return postgis + ".ST_Force2D((SELECT CASE WHEN " + srid_is("4326") + " THEN g WHEN " + srid_is("0") + " THEN " +
         postgis + ".ST_SetSRID(g, 4326) ELSE " + postgis + ".ST_Transform(g, 4326) END FROM (SELECT " + geometry +
         " AS g) AS source))";
}

/// In web mercator, which ends before the poles: what lies beyond is cut off.
std::string in_webmercator(const std::string& degrees, const std::string& postgis) {
  // Arguments have the functions' own types, and none is left to its default: PostGIS may be in a schema where others
  // create functions of the same names.
  const auto degree = [](const char* number) { return "'" + std::string(number) + "'::pg_catalog.float8"; };
  const std::string world = postgis + ".ST_MakeEnvelope(" + degree("-180") + ", " + degree("-85.06") + ", " +
                            degree("180") + ", " + degree("85.06") + ", 4326)";
  return "(SELECT " + postgis + ".ST_Transform(CASE WHEN d OPERATOR(" + postgis + ".@) " + world + " THEN d ELSE " +
         postgis + ".ST_Intersection(d, " + world + ", " + degree("-1") + ") END, 3857) FROM (SELECT " + degrees +
         " AS d) AS source)";
}

/// Fills the_geom and the_geom_webmercator, or the latter only if the_geom is the source's. Where some values can't be
/// read, the rows that have them are found by halving: a range of rows is tried as a whole, and if that fails, each
/// half of it.
class GeometryFill {
 public:
  GeometryFill(std::string table, const std::string& geometry, bool keeps_degrees, const std::string& postgis)
      : table_(std::move(table)),
        keeps_degrees_(keeps_degrees),
        degrees_(in_degrees(geometry, postgis)),
        webmercator_(in_webmercator(degrees_, postgis)) {}

  void run() {
    if (update(true, "")) return;
    const pg::SqlRows size = pg::query(
        "SELECT pg_catalog.pg_relation_size($1::pg_catalog.regclass) OPERATOR(pg_catalog./) " + std::to_string(BLCKSZ),
        {{TEXTOID, table_}});
    fill(0, std::stoull(*size[0][0]) * positions_per_block);
  }

  /// Rows that stay without the_geom or without the_geom_webmercator, and the first error.
  std::uint64_t unreadable() const { return unreadable_; }
  std::uint64_t beyond_webmercator() const { return beyond_webmercator_; }
  const std::string& first_error() const { return first_error_; }
  bool gave_up() const { return failures_ >= max_failures; }

 private:
  /// A row's position in the table as one number; a page has fewer rows than that.
  static constexpr std::uint64_t positions_per_block = 2048;
  /// Each failure is a subtransaction, and the rows before it are written in vain.
  static constexpr int max_failures = 1000;

  static std::string row_id(std::uint64_t position) {
    return "'(" + std::to_string(position / positions_per_block) + "," +
           std::to_string(position % positions_per_block) + ")'::pg_catalog.tid";
  }

  void fill(std::uint64_t from, std::uint64_t to) {
    if (gave_up()) return;
    const std::string where = " WHERE ctid OPERATOR(pg_catalog.>=) " + row_id(from) +
                              " AND ctid OPERATOR(pg_catalog.<) " + row_id(to) + " AND " +
                              (keeps_degrees_ ? webmercator_column : geometry_column) + " IS NULL";
    if (update(true, where)) return;
    if (to - from > 1) {
      const std::uint64_t middle = from + (to - from) / 2;
      fill(from, middle);
      fill(middle, to);
    } else if (keeps_degrees_ || update(false, where)) {
      ++beyond_webmercator_;
    } else {
      ++unreadable_;
    }
  }

  /// False if a value can't be read.
  bool update(bool with_webmercator, const std::string& where) {
    std::string values;
    if (!keeps_degrees_) core::add_item(values, std::string(geometry_column) + " = " + degrees_);
    if (with_webmercator) core::add_item(values, std::string(webmercator_column) + " = " + webmercator_);
    const std::string sql = "UPDATE " + table_ + " SET " + values;
    try {
      pg::in_subtransaction([&] { pg::execute(sql + where); });
    } catch (const pg::PgError& error) {
      // PostGIS reports most of what is wrong with a geometry as an internal error.
      const int category = ERRCODE_TO_CATEGORY(error.sqlerrcode());
      if (category != ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION) &&
          category != ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR)) {
        throw;
      }
      if (failures_++ == 0) first_error_ = pg::utf8_text(error.what());
      return false;
    }
    return true;
  }

  std::string table_;
  bool keeps_degrees_;
  std::string degrees_;
  std::string webmercator_;
  std::uint64_t unreadable_ = 0;
  std::uint64_t beyond_webmercator_ = 0;
  int failures_ = 0;
  std::string first_error_;
};

/// The rows are in; that a geometry can't be read is no reason to throw them away.
void fill_geometry(const std::string& table, const PlannedColumn& source, const std::string& postgis) {
  GeometryFill fill(table, geometry_from(source, postgis), source.name == geometry_column, postgis);
  fill.run();
  const auto report = [&](const std::string& what, const char* consequence) {
    pg::warning(what + " of column " + core::quoted(source.name) + " can't be read as geometry",
                std::string(consequence) + " The first error was: " + fill.first_error() + ".");
  };
  if (fill.gave_up()) {
    report("many values", "the_geom is NULL in most of the rows.");
  } else if (fill.unreadable() > 0) {
    report(std::to_string(fill.unreadable()) + (fill.unreadable() == 1 ? " value" : " values"),
           "the_geom is NULL in such rows.");
  }
  if (fill.beyond_webmercator() > 0) {
    pg::warning(std::to_string(fill.beyond_webmercator()) +
                    (fill.beyond_webmercator() == 1 ? " geometry has" : " geometries have") +
                    " no equivalent in web mercator",
                "the_geom_webmercator is NULL in such rows. The first error was: " + fill.first_error() + ".");
  }
}

/// The key of the source beside cartodb_id.
void add_unique(const std::string& table, const LoadPlan& plan) {
  std::string key;
  for (const std::size_t index : plan.primary_key) core::add_item(key, quoted(plan.columns[index].name));
  try {
    pg::in_subtransaction([&] { pg::execute("ALTER TABLE " + table + " ADD UNIQUE (" + key + ")"); });
  } catch (const pg::PgError& error) {
    if (error.sqlerrcode() != ERRCODE_PROGRAM_LIMIT_EXCEEDED) throw;
    pg::warning("the primary key is not kept", std::string("An index can't hold its values: ") + error.what() + ".");
  }
}

}  // namespace

bool is_default_column(std::string_view name) {
  return name == default_id_column || name == geometry_column || name == webmercator_column;
}

std::vector<std::string> geometry_columns() {
  return {geometry_column, webmercator_column};
}

std::vector<DefaultColumn> new_default_columns() {
  if (extension_schema("cartodb")) return {};
  std::vector<DefaultColumn> columns{{default_id_column, "bigint", "GENERATED BY DEFAULT AS IDENTITY"}};
  if (const auto postgis = extension_schema("postgis")) {
    for (const char* name : {geometry_column, webmercator_column}) {
      columns.push_back({name, *postgis + ".geometry(Geometry," + srid_of(name) + ")", {}});
    }
  }
  return columns;
}

void report_missing_postgis(const LoadPlan& plan, const core::SourceDescription& source, bool default_columns) {
  std::string names;
  for (const PlannedColumn& column : plan.columns) {
    const core::TypeKind kind = source.columns[column.remote].type.kind;
    const bool is_spatial = kind == core::TypeKind::geometry || kind == core::TypeKind::geography;
    if (is_spatial && column.target.oid == BYTEAOID) core::add_item(names, core::quoted(column.name));
  }
  const bool lacks_columns = default_columns && !extension_schema("cartodb");
  if ((names.empty() && !lacks_columns) || extension_schema("postgis")) return;
  std::string detail;
  if (!names.empty()) core::add_item(detail, "Columns that hold geometries as bytea (WKB): " + names + ".", " ");
  if (lacks_columns) {
    core::add_item(detail, std::string("Of the default columns only ") + default_id_column + " is added.", " ");
  }
  pg::notice("PostGIS is not installed in this database", detail,
             "CREATE EXTENSION postgis before the import makes them geometries.");
}

void rename_for_new_table(LoadPlan& plan) {
  if (extension_schema("cartodb")) return;
  for (PlannedColumn* column : columns_that_give_way(plan, [](const PlannedColumn&, bool fits) { return fits; })) {
    const std::string other = other_name(plan, column->name);
    pg::notice("column \"" + column->name + "\" of the source is named \"" + other + "\" locally",
               "The name belongs to a default column.");
    column->name = other;
  }
}

void rename_for_refresh(LoadPlan& plan, const RefreshTarget& target, std::optional<Layout>& layout) {
  if (extension_schema("cartodb")) return;
  const auto is_used = [&](const PlannedColumn& column, bool fits) {
    const TargetColumn* local = target.find(column.name);
    if (!layout) {
      // Earlier versions gave the source's column another name in any case.
      return fits && local != nullptr && column.target == local_type_of(local->type, local->typmod) &&
             target.find(pg::exact_server_text(other_name(plan, column.name))) == nullptr;
    }
    if (layout->find(column.name) == nullptr) return false;
    // What came before PostGIS was there is no default column, whatever its name.
    return fits || local == nullptr || !is_geometry(local_type_of(local->type, local->typmod));
  };
  for (PlannedColumn* column : columns_that_give_way(plan, is_used)) column->name = other_name(plan, column->name);
  if (!layout) return;
  // A default column that was the source's, and is so no more, stays.
  std::erase_if(layout->columns, [&](const LayoutColumn& column) {
    const TargetColumn* local = is_default_column(column.name) ? target.find(column.name) : nullptr;
    return local != nullptr && find_column(plan, column.name) == nullptr &&
           is_geometry(local_type_of(local->type, local->typmod));
  });
}

namespace {

/// The type of a column that is there and not generated, as SQL; nothing if there is none.
std::optional<std::string> stored_type(const std::string& table, const char* column) {
  const pg::SqlRows rows = pg::query(
      "SELECT pg_catalog.format_type(atttypid, atttypmod) FROM pg_catalog.pg_attribute "
      "WHERE attrelid OPERATOR(pg_catalog.=) $1::pg_catalog.regclass::pg_catalog.oid AND attname "
      "OPERATOR(pg_catalog.=) $2 AND NOT attisdropped AND attgenerated OPERATOR(pg_catalog.=) ''::pg_catalog.\"char\"",
      {{TEXTOID, table}, {NAMEOID, column}});
  if (rows.empty()) return std::nullopt;
  return rows[0][0];
}

/// Without the dead rows that filling left.
void write_anew(const std::string& table, const std::string& type) {
  // The condition always holds; as PostgreSQL can't know that, it does not take the column for unchanged.
  const std::string command = "ALTER TABLE " + table + " ALTER COLUMN " + webmercator_column + " TYPE " + type +
                              " USING CASE WHEN pg_catalog.random() OPERATOR(pg_catalog.>=) '0'::pg_catalog.float8 "
                              "THEN " +
                              webmercator_column + " END";
  try {
    pg::in_subtransaction([&] { pg::execute(command); });
  } catch (const pg::PgError& error) {
    // A view of an event trigger's uses the column. The dead rows are VACUUM's then.
    if (error.sqlerrcode() != ERRCODE_FEATURE_NOT_SUPPORTED) throw;
  }
}

}  // namespace

void fill_default_geometry(const std::string& table, const LoadPlan& plan) {
  const std::optional<std::string> postgis = extension_schema("postgis");
  if (!postgis || find_column(plan, webmercator_column) != nullptr) return;
  const std::optional<std::string> type = stored_type(table, webmercator_column);
  if (!type || !stored_type(table, geometry_column)) return;  // the user did away with them
  const std::optional<std::size_t> source = geometry_source(plan, *postgis);
  if (!source) return;
  fill_geometry(table, plan.columns[*source], *postgis);
  write_anew(table, *type);
}

void finish_default_columns(const std::string& schema, const std::string& name, LoadPlan& plan, bool has_key) {
  const std::string table = pg::quote_qualified(schema, name);
  if (const auto cartodb = extension_schema("cartodb")) {
    pg::query("SELECT " + *cartodb + ".CDB_CartodbfyTable($1, $2::pg_catalog.regclass)",
              {{TEXTOID, schema}, {TEXTOID, table}});
    plan.primary_key.clear();
    return;
  }
  fill_default_geometry(table, plan);
  if (stored_type(table, default_id_column)) {
    pg::execute("ALTER TABLE " + table + " ADD " + (has_key ? "UNIQUE" : "PRIMARY KEY") + " (" + default_id_column +
                ")");
  }
  if (extension_schema("postgis")) {
    for (const char* column : {geometry_column, webmercator_column}) {
      if (stored_type(table, column)) pg::execute("CREATE INDEX ON " + table + " USING gist (" + column + ")");
    }
  }
  if (!plan.primary_key.empty()) add_unique(table, plan);
  plan.primary_key.clear();
}

}  // namespace connector::load
