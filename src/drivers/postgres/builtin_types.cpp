#include "drivers/postgres/builtin_types.hpp"

#include <algorithm>
#include <array>

namespace connector::postgres {

namespace {

using core::TypeKind;
using enum Arrival;

// All have the same binary form from 9.3 to 18. Left out are pseudo-types, and those that stand in catalogs only and
// refuse to be received: they are cast to text like any other unknown type.
// - money: the number of its fractional digits is not in the binary form; see types.cpp.
// - xml: the binary form names the encoding of the session, and drops the one that the document declares.
// - int2vector, oidvector: their receive functions refuse what their send functions make of an empty one.
// - reg* types: the binary form is the OID of an object of the remote server; the text is its name.
constexpr auto types = std::to_array<BuiltinType>({
    {16, 1000, "boolean", decoded, TypeKind::boolean, Decode::boolean},
    {17, 1001, "bytea", decoded, TypeKind::bytea, Decode::bytes},
    {18, 1002, "\"char\"", receive},
    {19, 1003, "name", receive},
    {20, 1016, "bigint", decoded, TypeKind::int8, Decode::int8},
    {21, 1005, "smallint", decoded, TypeKind::int2, Decode::int2},
    {22, 1006, "int2vector", text},
    {23, 1007, "integer", decoded, TypeKind::int4, Decode::int4},
    {24, 1008, "regproc", as_text},
    {25, 1009, "text", decoded, TypeKind::text, Decode::bytes},
    {26, 1028, "oid", receive},
    {27, 1010, "tid", receive},
    {28, 1011, "xid", receive},
    {29, 1012, "cid", receive},
    {30, 1013, "oidvector", text},
    {114, 199, "json", receive, TypeKind::json},
    {142, 143, "xml", text, TypeKind::xml},
    {600, 1017, "point", receive},
    {601, 1018, "lseg", receive},
    {602, 1019, "path", receive},
    {603, 1020, "box", receive},
    {604, 1027, "polygon", receive},
    {628, 629, "line", receive},
    {650, 651, "cidr", receive},
    {700, 1021, "real", decoded, TypeKind::float4, Decode::float4},
    {701, 1022, "double precision", decoded, TypeKind::float8, Decode::float8},
    {718, 719, "circle", receive},
    {774, 775, "macaddr8", receive},
    {money_oid, 791, "money", receive},
    {829, 1040, "macaddr", receive},
    {869, 1041, "inet", receive},
    {1033, 1034, "aclitem", as_text},
    {1042, 1014, "bpchar", decoded, TypeKind::bpchar, Decode::bytes},
    {1043, 1015, "character varying", decoded, TypeKind::varchar, Decode::bytes},
    {1082, 1182, "date", decoded, TypeKind::date, Decode::date},
    {1083, 1183, "time", decoded, TypeKind::time, Decode::time},
    {1114, 1115, "timestamp", decoded, TypeKind::timestamp, Decode::timestamp},
    {1184, 1185, "timestamptz", decoded, TypeKind::timestamptz, Decode::timestamp},
    {1186, 1187, "interval", decoded, TypeKind::interval, Decode::interval},
    {1266, 1270, "timetz", receive, TypeKind::timetz},
    {1560, 1561, "bit", receive, TypeKind::bit},
    {1562, 1563, "varbit", receive, TypeKind::varbit},
    {1700, 1231, "numeric", decoded, TypeKind::numeric, Decode::numeric},
    {1790, 2201, "refcursor", receive},
    {2202, 2207, "regprocedure", as_text},
    {2203, 2208, "regoper", as_text},
    {2204, 2209, "regoperator", as_text},
    {2205, 2210, "regclass", as_text},
    {2206, 2211, "regtype", as_text},
    {2950, 2951, "uuid", decoded, TypeKind::uuid, Decode::uuid},
    {2970, 2949, "txid_snapshot", receive},
    {3220, 3221, "pg_lsn", receive},
    {3614, 3643, "tsvector", receive},
    {3615, 3645, "tsquery", receive},
    {3734, 3735, "regconfig", as_text},
    {3769, 3770, "regdictionary", as_text},
    {3802, 3807, "jsonb", receive, TypeKind::jsonb},
    {3904, 3905, "int4range", receive},
    {3906, 3907, "numrange", receive},
    {3908, 3909, "tsrange", receive},
    {3910, 3911, "tstzrange", receive},
    {3912, 3913, "daterange", receive},
    {3926, 3927, "int8range", receive},
    {4072, 4073, "jsonpath", receive},
    {4089, 4090, "regnamespace", as_text},
    {4096, 4097, "regrole", as_text},
    {4191, 4192, "regcollation", as_text},
    {4451, 6150, "int4multirange", receive},
    {4532, 6151, "nummultirange", receive},
    {4533, 6152, "tsmultirange", receive},
    {4534, 6153, "tstzmultirange", receive},
    {4535, 6155, "datemultirange", receive},
    {4536, 6157, "int8multirange", receive},
    {5038, 5039, "pg_snapshot", receive},
    {5069, 271, "xid8", receive},
});

static_assert(std::is_sorted(types.begin(), types.end(),
                             [](const BuiltinType& a, const BuiltinType& b) { return a.oid < b.oid; }));

}  // namespace

const BuiltinType* find_builtin(Oid oid) noexcept {
  const auto found = std::lower_bound(types.begin(), types.end(), oid,
                                      [](const BuiltinType& type, Oid wanted) { return type.oid < wanted; });
  return found != types.end() && found->oid == oid ? &*found : nullptr;
}

const BuiltinType* find_builtin_element(Oid oid) noexcept {
  const auto found = std::find_if(types.begin(), types.end(),
                                  [oid](const BuiltinType& type) { return oid != 0 && type.array_oid == oid; });
  return found != types.end() ? &*found : nullptr;
}

}  // namespace connector::postgres
