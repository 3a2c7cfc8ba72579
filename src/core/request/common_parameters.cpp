#include "core/request/common_parameters.hpp"

#include "core/request/connector_spec.hpp"

namespace connector::core {

namespace {

constexpr std::string_view booleans[] = {"false", "true"};

constexpr ParameterInfo parameters[] = {
    {.name = "provider",
     .description = "Provider id, one of cdb_connectors(); not needed with a foreign server that has the option.",
     .required = true},
    {.name = "connection",
     .description = "Object of connection parameters, or the name of a foreign server of the wrapper \"connector\".",
     .required = true},
    {.name = "table",
     .description = "Remote table or view; also the local name of a query when \"import_as\" is absent."},
    {.name = "sql_query", .description = "Remote query, in the remote's dialect, executed once."},
    {.name = "import_as", .description = "Name of the local table; wins over \"table\"."},
    {.name = "schema", .description = "Remote schema."},
    {.name = "encoding", .description = "PostgreSQL's name of the encoding of remote text and column names."},
    {.name = "columns",
     .description = "Which columns, and optionally their local types: [\"a\", \"b\"], {\"a\": \"text\", \"b\": null} "
                    "or \"a text, b numeric(10,2)\"."},
    {.name = "max_rows", .description = "Lowers the row limit for this request.", .integer = true},
    {.name = "collision_strategy",
     .description = "What to do when the local name is taken.",
     .default_value = "rename",
     .allowed_values = collision_strategy_words.all()},
    {.name = "target_schema", .description = "Local schema; default: the current schema."},
    {.name = "column_names",
     .description = "Whether column names are made plain identifiers or kept as they are.",
     .default_value = "normalize",
     .allowed_values = column_names_words.all()},
    {.name = "default_columns",
     .description = "Add a cartodb_id key and, with PostGIS, geometry columns.",
     .default_value = "false",
     .allowed_values = booleans},
    {.name = "keep",
     .description = "What is brought along from a table beside NOT NULL, primary key and comments: a list of "
                    "\"indexes\", \"defaults\" and \"foreign_keys\" (not with an interval)."},
    {.name = "invalid_values",
     .description = "Whether a value that the local type can't hold is an error or becomes NULL.",
     .default_value = "error",
     .allowed_values = invalid_values_words.all()},
    {.name = "sync",
     .description = "For cdb_sync_connector(): object with \"mode\", \"key\", \"cursor\", \"on_schema_change\", "
                    "\"skip_unchanged\", \"at\", \"on_success\" and \"on_failure\"."},
};

}  // namespace

std::span<const ParameterInfo> common_parameters() noexcept {
  return parameters;
}

}  // namespace connector::core
