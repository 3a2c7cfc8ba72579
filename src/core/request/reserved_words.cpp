#include "core/request/reserved_words.hpp"

#include <algorithm>
#include <iterator>

namespace connector::core {

namespace {

/// PostgreSQL 15 to 18: the keywords that pg_get_keywords() calls reserved, or reserved but fit for a function or type.
constexpr std::string_view sql_words[] = {
    "all",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "asymmetric",
    "authorization",
    "binary",
    "both",
    "case",
    "cast",
    "check",
    "collate",
    "collation",
    "column",
    "concurrently",
    "constraint",
    "create",
    "cross",
    "current_catalog",
    "current_date",
    "current_role",
    "current_schema",
    "current_time",
    "current_timestamp",
    "current_user",
    "default",
    "deferrable",
    "desc",
    "distinct",
    "do",
    "else",
    "end",
    "except",
    "false",
    "fetch",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "grant",
    "group",
    "having",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "lateral",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "natural",
    "not",
    "notnull",
    "null",
    "offset",
    "on",
    "only",
    "or",
    "order",
    "outer",
    "overlaps",
    "placing",
    "primary",
    "references",
    "returning",
    "right",
    "select",
    "session_user",
    "similar",
    "some",
    "symmetric",
    "system_user",
    "table",
    "tablesample",
    "then",
    "to",
    "trailing",
    "true",
    "union",
    "unique",
    "user",
    "using",
    "variadic",
    "verbose",
    "when",
    "where",
    "window",
    "with",
};

/// Words the original avoids besides, for tables and columns.
constexpr std::string_view common_words[] = {
    "action", "between", "controller", "format", "new", "off", "old",
};

/// Tables of PostGIS and of the original's own.
constexpr std::string_view table_words[] = {
    "cdb_tablemetadata", "geography_columns", "geometry",        "geometry_columns", "layergroup", "public", "raster",
    "raster_columns",    "raster_overviews",  "spatial_ref_sys",
};

/// System columns.
constexpr std::string_view column_words[] = {
    "cmax", "cmin", "ctid", "tableoid", "xmax", "xmin",
};

static_assert(std::is_sorted(std::begin(sql_words), std::end(sql_words)));
static_assert(std::is_sorted(std::begin(common_words), std::end(common_words)));
static_assert(std::is_sorted(std::begin(table_words), std::end(table_words)));
static_assert(std::is_sorted(std::begin(column_words), std::end(column_words)));

template <std::size_t count>
bool contains(const std::string_view (&words)[count], std::string_view word) noexcept {
  return std::binary_search(std::begin(words), std::end(words), word);
}

}  // namespace

bool is_reserved_table_name(std::string_view name) noexcept {
  return contains(sql_words, name) || contains(common_words, name) || contains(table_words, name);
}

bool is_reserved_column_name(std::string_view name) noexcept {
  return contains(sql_words, name) || contains(common_words, name) || contains(column_words, name);
}

}  // namespace connector::core
