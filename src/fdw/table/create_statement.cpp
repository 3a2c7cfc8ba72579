#include "fdw/table/create_statement.hpp"

#include "core/base/list_text.hpp"
#include "fdw/table/options.hpp"
#include "pg/text.hpp"

namespace connector::fdw {

namespace {

std::string literal(const std::string& utf8) {
  return pg::quote_text(pg::exact_server_text(utf8));
}

std::string identifier(const std::string& utf8) {
  return pg::quote_name(pg::exact_server_text(utf8));
}

std::string definition(const NewColumn& column) {
  std::string sql = identifier(column.name) + " " + column.type_sql;
  if (column.name != column.remote_name) {
    sql += " OPTIONS (" + std::string(column_name_option) + " " + literal(column.remote_name) + ")";
  }
  if (!column.default_sql.empty()) sql += " DEFAULT " + column.default_sql;
  if (column.not_null) sql += " NOT NULL";
  return sql;
}

}  // namespace

std::string create_statement(const NewForeignTable& table) {
  std::string columns;
  for (const NewColumn& column : table.columns) core::add_item(columns, definition(column));
  std::string options;
  for (const auto& [name, value] : table.options) core::add_item(options, name + " " + literal(value));
  return "CREATE FOREIGN TABLE " + table.name_sql + " (" + columns + ") SERVER " + pg::quote_name(table.server) +
         " OPTIONS (" + options + ")";
}

core::ConnectionOptions options_for(const core::ConnectorSpec& spec) {
  core::ConnectionOptions options = spec.provider_parameters;
  if (spec.sql_query) {
    options.emplace(query_option, *spec.sql_query);
  } else {
    options.emplace(table_name_option, spec.table.value_or(""));
  }
  if (spec.schema) options.emplace(schema_name_option, *spec.schema);
  if (spec.encoding) options.emplace("encoding", *spec.encoding);
  if (spec.invalid_values != core::InvalidValues::error) {
    options.emplace("invalid_values", core::invalid_values_words.of(spec.invalid_values));
  }
  return options;
}

}  // namespace connector::fdw
