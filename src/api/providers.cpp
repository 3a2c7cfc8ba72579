// cdb_connectors(), cdb_connector_info(), cdb_error_codes(): what there is, as JSON.
#include "pg/postgres.hpp"

#include "core/base/list_text.hpp"
#include "api/json.hpp"
#include "api/request_schema.hpp"
#include "settings/settings.hpp"
#include "core/base/error.hpp"
#include "reader/providers.hpp"
#include "pg/entry.hpp"
#include "pg/text.hpp"
#include "store/role_limits.hpp"
#include "core/request/common_parameters.hpp"

using connector::api::Json;
using connector::api::json_datum;
using connector::core::KnownProvider;
using connector::core::ParameterInfo;

namespace {

Json describe(const ParameterInfo& parameter) {
  Json json;
  json["type"] = connector::api::json_types(parameter);
  json["required"] = parameter.required;
  json["default"] = parameter.default_value.empty() ? Json(nullptr) : Json(parameter.default_value);
  json["description"] = parameter.description;
  if (!parameter.allowed_values.empty()) json["allowed_values"] = parameter.allowed_values;
  if (parameter.secret) json["secret"] = true;
  if (parameter.server_file) json["server_file"] = true;
  return json;
}

Json describe(std::span<const ParameterInfo> parameters) {
  Json json = Json::object();
  for (const ParameterInfo& parameter : parameters) json[std::string(parameter.name)] = describe(parameter);
  return json;
}

const KnownProvider& known_provider(const std::string& id) {
  std::string names;
  for (const KnownProvider& known : connector::providers().all()) {
    if (known.id == id) return known;
    connector::core::add_item(names, known.id);
  }
  throw connector::core::Error(connector::core::ErrorNumber::invalid_parameters, "there is no provider \"" + id + "\"",
                               {}, "Providers are: " + names + ".");
}

/// The provider whose id is the text.
const connector::core::ProviderInfo& available(Datum text) {
  const std::string id = connector::pg::datum_text(text);
  const KnownProvider& known = known_provider(id);
  if (known.provider != nullptr) return known.provider->info();
  throw connector::core::Error(connector::core::ErrorNumber::connectors_disabled,
                               "provider \"" + id + "\" was left out when the extension was built", {},
                               "cdb_connectors() lists the providers that are available.");
}

bool enabled_for_me(const KnownProvider& known) {
  return known.provider != nullptr && connector::settings::provider_is_enabled(known.id) &&
         connector::store::role_limits(GetUserId(), known.id).enabled;
}

/// Where 0 means no limit.
Json limit(std::int64_t value) {
  return value == 0 ? Json(nullptr) : Json(value);
}

}  // namespace

CONNECTOR_FUNCTION(connector_my_limits) {
  const connector::settings::Settings settings = connector::settings::current();
  Json rows = Json::array();
  for (const KnownProvider& known : connector::providers().all()) {
    const connector::store::RoleLimits role = connector::store::role_limits(GetUserId(), known.id);
    Json row;
    row["provider"] = known.id;
    row["enabled"] = enabled_for_me(known);
    row["max_rows"] = limit(role.max_rows > 0 ? role.max_rows : settings.max_rows);
    row["max_columns"] = settings.max_columns;
    row["max_syncs"] = role.max_syncs ? Json(*role.max_syncs) : limit(settings.max_syncs_per_role);
    row["max_stored_syncs"] = limit(settings.max_stored_syncs_per_role);
    row["max_imports"] = limit(settings.max_imports_per_role);
    row["max_queued_imports"] = limit(settings.max_queued_imports_per_role);
    rows.push_back(std::move(row));
  }
  return json_datum(rows);
}

CONNECTOR_FUNCTION(connector_list_providers) {
  Json result = Json::object();
  for (const KnownProvider& known : connector::providers().all()) {
    Json& json = result[std::string(known.id)];
    json["name"] = known.name;
    json["description"] = known.provider == nullptr ? Json(nullptr) : Json(known.provider->info().description);
    json["enabled"] = enabled_for_me(known);
    json["version"] = known.provider == nullptr ? Json(nullptr) : Json(known.provider->library_version());
  }
  return json_datum(result);
}

CONNECTOR_FUNCTION(connector_provider_schema) {
  return connector::api::readable_json_datum(connector::api::request_schema(available(PG_GETARG_DATUM(0))));
}

CONNECTOR_FUNCTION(connector_provider_info) {
  const connector::core::ProviderInfo& info = available(PG_GETARG_DATUM(0));
  Json result;
  result["features"] = {{"sql_queries", info.features.sql_queries}, {"list_databases", false},
                        {"list_tables", info.features.list_tables}, {"preview_table", info.features.preview_table},
                        {"dry_run", info.features.dry_run},         {"list_projects", false},
                        {"table_parts", info.features.table_parts}};
  result["features"]["other_connection_keys"] = info.other_connection_keys;
  if (!info.connection_one_of.empty()) result["features"]["connection_one_of"] = info.connection_one_of;
  Json parameters = describe(connector::core::common_parameters());
  parameters.update(describe(info.parameters));
  parameters["connection"] = describe(info.connection_parameters);
  parameters["sync"] = describe(connector::core::sync_parameters());
  parameters["distribute"] = describe(connector::core::distribute_parameters());
  result["parameters"] = parameters;
  return connector::api::readable_json_datum(result);
}

CONNECTOR_FUNCTION(connector_error_codes) {
  Json result = Json::array();
  for (const connector::core::ErrorNumberInfo& info : connector::core::error_numbers()) {
    result.push_back({{"error_code", static_cast<int>(info.number)},
                      {"title", info.title},
                      {"what_to_do", info.what_to_do},
                      {"who", info.who},
                      {"sqlstate", info.sqlstate}});
  }
  return json_datum(result);
}
