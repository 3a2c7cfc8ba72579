// cdb_servers(), cdb_server_save(), cdb_server_drop(): saved servers, which are foreign servers of the wrapper.
#include "pg/postgres.hpp"

#include <optional>
#include <set>
#include <string>

#include "api/json.hpp"
#include "api/own_sync.hpp"
#include "core/remote/registry.hpp"
#include "core/request/connection_reader.hpp"
#include "core/request/request_reader.hpp"
#include "fdw/table/saved_servers.hpp"
#include "fdw/table/server_change.hpp"
#include "pg/entry.hpp"
#include "pg/row_set.hpp"
#include "pg/text.hpp"
#include "reader/providers.hpp"

namespace api = connector::api;
namespace core = connector::core;
namespace fdw = connector::fdw;
namespace pg = connector::pg;

using api::Json;

namespace {

/// A number, or an object, where the key takes one.
Json json_value(const core::ParameterInfo* parameter, const std::string& text) {
  if (parameter != nullptr && parameter->object && Json::accept(text)) return Json::parse(text);
  const auto number = parameter != nullptr && parameter->integer ? core::whole_number(text) : std::nullopt;
  return number ? Json(*number) : Json(text);
}

/// The keys in the order in which the provider describes them, then those that it does not.
Json connection_object(const fdw::SavedServer& server) {
  Json object = Json::object();
  const core::Provider* provider = server.provider ? connector::providers().find(*server.provider) : nullptr;
  if (provider != nullptr) {
    for (const core::ParameterInfo& parameter : provider->info().connection_parameters) {
      const auto found = server.connection.find(parameter.name);
      if (found != server.connection.end()) object[found->first] = json_value(&parameter, found->second);
    }
  }
  for (const auto& [name, value] : server.connection) {
    if (!object.contains(name)) object[name] = value;
  }
  return object;
}

Json server_object(const fdw::SavedServer& server) {
  Json object;
  object["name"] = server.name;
  object["provider"] = server.provider ? Json(*server.provider) : Json();
  object["owner"] = server.owner;
  object["may_change"] = server.may_change;
  object["connection"] = connection_object(server);
  object["used_by"] = server.used_by;
  return object;
}

std::string name_argument(FunctionCallInfo fcinfo) {
  api::require_argument(fcinfo, 0, "name");
  return pg::datum_text(fcinfo->args[0].value);
}

}  // namespace

CONNECTOR_FUNCTION(connector_servers) {
  pg::SqlRows rows;
  for (const fdw::SavedServer& server : fdw::saved_servers()) {
    std::optional<std::string> provider;
    if (server.provider) provider = pg::exact_server_text(*server.provider);
    rows.push_back({pg::exact_server_text(server.name), provider, pg::exact_server_text(server.owner),
                    server.may_change ? "t" : "f", api::json_text(connection_object(server)),
                    std::to_string(server.used_by)});
  }
  return pg::return_rows(fcinfo, rows);
}

CONNECTOR_FUNCTION(connector_server_save) {
  const std::string name = name_argument(fcinfo);
  api::require_argument(fcinfo, 1, "connector");
  api::require_writable("cdb_server_save()");
  fdw::save_server(name, fcinfo->args[1].value);
  return api::json_datum(server_object(fdw::saved_server(name)));
}

CONNECTOR_FUNCTION(connector_server_drop) {
  const std::string name = name_argument(fcinfo);
  api::require_writable("cdb_server_drop()");
  fdw::drop_server(name);
  PG_RETURN_VOID();
}
