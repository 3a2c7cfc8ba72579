#include "core/request/common_parameters.hpp"

#include <algorithm>

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
     .required = true,
     .form = ParameterForm::connection},
    {.name = "table",
     .description = "Remote table or view; also the local name of a query when \"import_as\" is absent."},
    {.name = "sql_query", .description = "Remote query, in the remote's dialect, executed once."},
    {.name = "import_as", .description = "Name of the local table; wins over \"table\"."},
    {.name = "schema", .description = "Remote schema."},
    {.name = "encoding", .description = "PostgreSQL's name of the encoding of remote text and column names."},
    {.name = "columns",
     .description = "Which columns, and optionally their local types: [\"a\", \"b\"], {\"a\": \"text\", \"b\": null} "
                    "or \"a text, b numeric(10,2)\".",
     .form = ParameterForm::columns},
    {.name = "max_rows", .description = "Lowers the row limit for this request.", .integer = true},
    {.name = "readers",
     .description = "Connections that read parts of a table at the same time, of one state of it; up to "
                    "connector.max_readers.",
     .default_value = "1",
     .integer = true},
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
     .allowed_values = booleans,
     .form = ParameterForm::boolean},
    {.name = "keep",
     .description = "What is brought along from a table beside NOT NULL, primary key and comments. Foreign keys not by "
                    "a sync.",
     .allowed_values = table_part_words.all(),
     .form = ParameterForm::parts},
    {.name = "distribute",
     .description =
         "How Citus spreads a new table over its nodes: by the values of a column, or \"reference\" for a copy "
         "on each node.",
     .form = ParameterForm::distribute},
    {.name = "invalid_values",
     .description = "Whether a value that the local type can't hold is an error or becomes NULL.",
     .default_value = "error",
     .allowed_values = invalid_values_words.all()},
    {.name = "sync", .description = "How cdb_sync_connector() refreshes the table.", .form = ParameterForm::sync},
};

constexpr ParameterInfo members_of_sync[] = {
    {.name = "mode",
     .description =
         "How the rows get in: all anew beside the old ones, only the difference, or what lies beyond the last "
         "value of the cursor.",
     .default_value = "replace",
     .allowed_values = sync_mode_words.all()},
    {.name = "key",
     .description = "Columns that tell rows apart, for a merge; default: the source's primary key.",
     .form = ParameterForm::names},
    {.name = "cursor", .description = "Column whose values grow, for mode \"append\"."},
    {.name = "on_schema_change",
     .description = "Whether the table follows a change of the source's columns.",
     .default_value = "follow",
     .allowed_values = on_schema_change_words.all()},
    {.name = "skip_unchanged",
     .description = "Whether nothing is read if the remote can tell that nothing changed.",
     .default_value = "false",
     .allowed_values = booleans,
     .form = ParameterForm::boolean},
    {.name = "compare",
     .description = "What a merge compares: all rows, or checksums of ranges of the key, to read only what differs.",
     .default_value = "rows",
     .allowed_values = compare_words.all()},
    {.name = "at", .description = "Time of the day and time zone of the runs: \"02:00 Europe/Berlin\"."},
    {.name = "on_success", .description = "An SQL statement of this database that runs after a run that succeeded."},
    {.name = "on_failure", .description = "An SQL statement of this database that runs after a run that failed."},
};

constexpr ParameterInfo members_of_distribute[] = {
    {.name = "column", .description = "The column whose values tell which shard a row is in.", .required = true},
    {.name = "colocate_with",
     .description = "A distributed table of this database, whose rows with the same values are to be on the same node; "
                    "\"none\" for a group of its own."},
    {.name = "shard_count", .description = "Number of shards; default: citus.shard_count.", .integer = true},
};

}  // namespace

std::span<const ParameterInfo> common_parameters() noexcept {
  return parameters;
}

std::span<const ParameterInfo> sync_parameters() noexcept {
  return members_of_sync;
}

std::span<const ParameterInfo> distribute_parameters() noexcept {
  return members_of_distribute;
}

bool is_boolean(const ParameterInfo& parameter) noexcept {
  const auto has = [&](std::string_view word) {
    return std::ranges::find(parameter.allowed_values, word) != parameter.allowed_values.end();
  };
  return parameter.allowed_values.size() == 2 && has("true") && has("false");
}

}  // namespace connector::core
