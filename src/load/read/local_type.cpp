#include "load/read/local_type.hpp"

#include "core/rows/ewkb.hpp"
#include "core/base/error.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"

extern "C" {
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "parser/parse_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "catalog/namespace.h"
}

namespace connector::load {

using core::TypeKind;

namespace {

struct KindOid {
  TypeKind kind;
  Oid oid;
};

constexpr KindOid kind_oids[] = {
    {TypeKind::boolean, BOOLOID},
    {TypeKind::int2, INT2OID},
    {TypeKind::int4, INT4OID},
    {TypeKind::int8, INT8OID},
    {TypeKind::float4, FLOAT4OID},
    {TypeKind::float8, FLOAT8OID},
    {TypeKind::numeric, NUMERICOID},
    {TypeKind::text, TEXTOID},
    {TypeKind::varchar, VARCHAROID},
    {TypeKind::bpchar, BPCHAROID},
    {TypeKind::bytea, BYTEAOID},
    {TypeKind::date, DATEOID},
    {TypeKind::time, TIMEOID},
    {TypeKind::timetz, TIMETZOID},
    {TypeKind::timestamp, TIMESTAMPOID},
    {TypeKind::timestamptz, TIMESTAMPTZOID},
    {TypeKind::interval, INTERVALOID},
    {TypeKind::uuid, UUIDOID},
    {TypeKind::json, JSONOID},
    {TypeKind::jsonb, JSONBOID},
    {TypeKind::xml, XMLOID},
    {TypeKind::bit, BITOID},
    {TypeKind::varbit, VARBITOID},
};

/// format_type() with the given flags beside FORMAT_TYPE_TYPEMOD_GIVEN.
std::string formatted(Oid oid, int32 typmod, uint16 flags) {
  char* sql = pg::guard([=] { return format_type_extended(oid, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | flags); });
  std::string result(sql);
  pfree(sql);
  return result;
}

LocalType from_oid(Oid oid, int32 typmod) {
  return {oid, typmod, formatted(oid, typmod, FORMAT_TYPE_FORCE_QUALIFY), formatted(oid, typmod, 0)};
}

LocalType parse(const std::string& server_sql) {
  LocalType type;
  pg::guard([&] { connector_parse_type(server_sql.c_str(), &type.oid, &type.typmod); });
  return from_oid(type.oid, type.typmod);
}

/// parse() where names mean the system's own types, whatever the session's search_path puts before them.
LocalType parse_builtin(const std::string& server_sql) {
  LocalType type;
  pg::with_system_path([&] { pg::guard([&] { connector_parse_type(server_sql.c_str(), &type.oid, &type.typmod); }); });
  return from_oid(type.oid, type.typmod);
}

/// A type of an extension, wherever that is installed; an invalid one where it is not.
LocalType extension_type(const std::string& extension, const std::string& name) {
  const pg::SqlRows rows = pg::query(
      "SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_depend d ON d.objid OPERATOR(pg_catalog.=) t.oid "
      "AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_type'::pg_catalog.regclass "
      "AND d.deptype OPERATOR(pg_catalog.=) 'e' JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) "
      "d.refobjid "
      "AND d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass "
      "WHERE e.extname OPERATOR(pg_catalog.=) $1 AND t.typname OPERATOR(pg_catalog.=) $2",
      {{NAMEOID, pg::exact_server_text(extension)}, {NAMEOID, pg::exact_server_text(name)}});
  return rows.empty() ? LocalType{} : from_oid(pg::read_oid(rows[0][0]), -1);
}

LocalType postgis_type(const char* name) {
  return extension_type("postgis", name);
}

}  // namespace

LocalType local_type(const core::LogicalType& type) {
  if (type.kind == TypeKind::geometry || type.kind == TypeKind::geography) {
    const LocalType any = postgis_type(type.kind == TypeKind::geometry ? "geometry" : "geography");
    if (!OidIsValid(any.oid)) return from_oid(BYTEAOID, -1);
    const bool one_srid = type.srid > 0 && static_cast<std::uint32_t>(type.srid) <= core::max_srid;
    return one_srid ? parse(any.sql + "(Geometry" + type.name + "," + std::to_string(type.srid) + ")") : any;
  }
  if (!type.extension.empty()) {
    const LocalType found = extension_type(type.extension, type.name);
    return OidIsValid(found.oid) ? found : from_oid(TEXTOID, -1);
  }
  return parse_builtin(core::sql_type_name(type));
}

LocalType parse_local_type(std::string_view sql, std::string_view column) {
  LocalType result;
  try {
    result = parse(pg::exact_server_text(sql));
  } catch (const pg::PgError& error) {
    // Nothing is held after a failed look-up, and the error ends the statement as this one does.
    throw core::Error(
        core::ErrorNumber::invalid_parameters,
        "type \"" + std::string(sql) + "\" asked for column \"" + std::string(column) + "\" is not valid",
        error.fields().message.value_or("") + ".",
        "\"columns\" takes types of this database, as in {\"amount\": \"numeric(10,2)\"}; null leaves the choice to "
        "the provider.");
  }
  const char kind = pg::guard([&] { return get_typtype(result.oid); });
  if (kind == TYPTYPE_PSEUDO) {
    throw core::Error(core::ErrorNumber::invalid_parameters,
                      "type \"" + std::string(sql) + "\" asked for column \"" + std::string(column) +
                          "\" can't be the type of a column",
                      {}, "Name a type that a column of a table can have.");
  }
  return result;
}

LocalType local_type_of(Oid oid, int32 typmod) {
  return from_oid(oid, typmod);
}

core::LogicalType logical_type(const LocalType& type) {
  core::LogicalType result;
  for (const KindOid& entry : kind_oids) {
    if (entry.oid == type.oid) {
      result.kind = entry.kind;
      return result;
    }
  }
  const LocalType geometry = postgis_type("geometry");
  result.kind = OidIsValid(geometry.oid) && geometry.oid == type.oid ? TypeKind::geometry : TypeKind::named;
  result.name = type.sql;
  return result;
}

}  // namespace connector::load
