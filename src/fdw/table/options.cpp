#include "fdw/table/options.hpp"

#include <algorithm>
#include <span>

#include "core/base/error.hpp"
#include "core/base/encoding.hpp"
#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"
#include "core/request/common_parameters.hpp"
#include "core/request/connection_reader.hpp"
#include "core/request/connector_reader.hpp"
#include "core/request/connector_spec.hpp"
#include "core/request/synonyms.hpp"
#include "reader/providers.hpp"
#include "load/read/local_type.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/relation.hpp"
#include "pg/text.hpp"

extern "C" {
#include "foreign/foreign.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
}

namespace connector::fdw {

namespace {

using core::ParameterInfo;
using Parameters = std::vector<ParameterInfo>;

/// The options of a foreign table whose server is for one of these providers.
Parameters table_parameters(const std::vector<const core::ProviderInfo*>& providers) {
  Parameters parameters{{.name = table_name_option, .description = "Remote table or view."},
                        {.name = query_option, .description = "Remote query, in the remote's dialect."},
                        {.name = schema_name_option, .description = "Remote schema."},
                        pushdown_parameter};
  for (const char* key : {"encoding", "invalid_values"}) {
    parameters.push_back(*core::find_parameter(core::common_parameters(), key));
  }
  for (const core::ProviderInfo* provider : providers) {
    for (const ParameterInfo& parameter : provider->parameters) {
      if (core::find_parameter(parameters, parameter.name) == nullptr) parameters.push_back(parameter);
    }
  }
  return parameters;
}

/// The option that a key of a request stands for.
std::string_view option_for_key(std::string_view key) {
  if (key == "table") return table_name_option;
  if (key == "sql_query") return query_option;
  if (key == "schema") return schema_name_option;
  return key;
}

/// The option that was probably meant.
std::optional<std::string_view> meant_option(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string_view synonym = option_for_key(core::key_for(name).value_or(name));
  if (std::ranges::find(known, synonym) != known.end()) return synonym;
  return core::nearest_name(name, known);
}

/// Reports names that are not among the parameters, and values that they can't have.
void check_options(const core::ConnectionOptions& options, std::span<const ParameterInfo> parameters,
                   core::Problems& problems) {
  std::vector<std::string_view> known;
  for (const ParameterInfo& parameter : parameters) known.push_back(parameter.name);
  for (const auto& [name, value] : options) {
    const ParameterInfo* parameter = core::find_parameter(parameters, name);
    if (parameter == nullptr) {
      const auto meant = meant_option(name, known);
      problems.add(name, "There is no option " + core::quoted(name) +
                             (meant ? "; did you mean \"" + std::string(*meant) + "\"?" : "."));
    } else if (core::is_blank(value)) {
      problems.add(name, "Option \"" + name + "\" must not be blank.");
    } else {
      core::check_parameter_value(*parameter, name, value, problems);
    }
  }
}

std::string list_of(std::span<const ParameterInfo> parameters) {
  std::string names;
  for (const ParameterInfo& parameter : parameters) core::add_item(names, parameter.name);
  return "Options here are: " + names + ".";
}

/// A column of the foreign table that is read: neither dropped nor computed when it is looked at.
struct Column {
  AttrNumber number;
  const char* name;
  Oid type;
  int32 typmod;
  List* options;
};

/// All that the catalog says, in the current memory context.
struct Catalog {
  const char* name;
  List* options;
  const ForeignServer* server;
  int attributes;  ///< dropped columns included
  Column* columns;
  int column_count;
};

Catalog read_catalog(Oid table) {
  return pg::guard([=] {
    return pg::with_relation(table, AccessShareLock, [=](Relation relation) {
      const TupleDesc descriptor = RelationGetDescr(relation);
      Catalog catalog{};
      catalog.name = pstrdup(RelationGetRelationName(relation));
      const ForeignTable* foreign = GetForeignTable(table);
      catalog.options = foreign->options;
      catalog.server = GetForeignServer(foreign->serverid);
      catalog.attributes = descriptor->natts;
      catalog.columns = static_cast<Column*>(palloc0(sizeof(Column) * (descriptor->natts + 1)));
      for (int i = 0; i < descriptor->natts; ++i) {
        const Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
        if (attribute->attisdropped || connector_is_virtual(attribute)) continue;
        catalog.columns[catalog.column_count++] = {attribute->attnum, pstrdup(NameStr(attribute->attname)),
                                                   attribute->atttypid, attribute->atttypmod,
                                                   GetForeignColumnOptions(table, attribute->attnum)};
      }
      return catalog;
    });
  });
}

/// The provider that the server is for. Throws core::Error if it does not say, or names none that is built in.
const core::ProviderInfo& provider_of(const core::ConnectionOptions& server_options, const std::string& server) {
  const std::string id = core::option(server_options, "provider");
  if (!core::is_blank(id)) return core::available_provider(id, providers()).info();
  throw core::Error(core::ErrorNumber::invalid_parameters,
                    "foreign server " + core::quoted(server) + " does not say for which provider it is", {},
                    "ALTER SERVER ... OPTIONS (ADD provider '...') sets it. cdb_connectors() lists the providers.");
}

std::optional<Pushdown> pushdown_in(const core::ConnectionOptions& options) {
  return pushdown_words.find(core::option(options, pushdown_parameter.name));
}

}  // namespace

void check_table_options(const core::ConnectionOptions& options,
                         const std::vector<const core::ProviderInfo*>& providers, const std::string& subject) {
  const Parameters parameters = table_parameters(providers);
  core::Problems problems;
  check_options(options, parameters, problems);
  const bool has_table = options.contains(table_name_option);
  const bool has_query = options.contains(query_option);
  if (!has_table && !has_query && problems.empty()) {
    problems.add("table_name", "Either \"table_name\" or \"query\" must say what to read.");
  }
  if (has_table && has_query) {
    problems.add("query", "Only one of \"table_name\" and \"query\" can say what to read.");
  }
  problems.throw_if_any(subject, list_of(parameters));
}

void check_column_options(const core::ConnectionOptions& options, const std::string& subject) {
  core::Problems problems;
  check_options(options, column_parameters, problems);
  problems.throw_if_any(subject, list_of(column_parameters));
}

TableOptions table_options(Oid table) {
  const Catalog catalog = read_catalog(table);
  const core::ConnectionOptions server_options = jobs::options_in(catalog.server->options);
  const core::ConnectionOptions options = jobs::options_in(catalog.options);
  const core::ProviderInfo& provider = provider_of(server_options, pg::utf8_text(catalog.server->servername));
  check_table_options(options, {&provider},
                      "invalid options of foreign table " + core::quoted(pg::utf8_text(catalog.name)));

  TableOptions result;
  result.provider = provider.id;
  core::SourceRequest& request = result.request;
  request.schema = core::option(options, schema_name_option);
  request.table = core::option(options, table_name_option);
  if (options.contains(query_option))
    request.query = core::query_text(core::option(options, query_option)).value_or("");
  if (options.contains("encoding")) request.encoding = core::canonical_encoding(core::option(options, "encoding"));
  for (const ParameterInfo& parameter : provider.parameters) {
    const auto found = options.find(parameter.name);
    if (found != options.end()) request.parameters.insert(*found);
  }
  result.invalid_values =
      core::invalid_values_words.find(core::option(options, "invalid_values")).value_or(core::InvalidValues::error);
  request.invalid_become_null = result.invalid_values == core::InvalidValues::null;
  result.pushdown = pushdown_in(options).value_or(pushdown_in(server_options).value_or(Pushdown::on));

  result.column_names.resize(static_cast<std::size_t>(catalog.attributes));
  for (int i = 0; i < catalog.column_count; ++i) {
    const Column& column = catalog.columns[i];
    std::string name = core::option(jobs::options_in(column.options), column_name_option);
    if (name.empty()) name = pg::utf8_text(column.name);
    result.column_names[static_cast<std::size_t>(column.number) - 1] = name;
    request.columns.push_back({std::move(name), load::logical_type(load::local_type_of(column.type, column.typmod))});
  }
  return result;
}

}  // namespace connector::fdw
