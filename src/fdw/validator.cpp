// The options of foreign servers and user mappings of the wrapper "connector".
#include "pg/postgres.hpp"

#include <set>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "core/request/connection_reader.hpp"
#include "core/request/synonyms.hpp"
#include "drivers/providers.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/reloptions.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
}

namespace connector::fdw {

namespace {

using Infos = std::vector<const core::ProviderInfo*>;

/// The providers that a list of options is about: the one that it names, else all that were built in.
Infos providers_of(const core::ConnectionOptions& options) {
  Infos infos;
  const auto named = options.find("provider");
  for (const core::KnownProvider& known : providers().all()) {
    if (known.provider == nullptr) continue;
    if (named == options.end() || named->second == known.id) infos.push_back(&known.provider->info());
  }
  return infos;
}

/// What the connection of one of them takes under this name; null if none does.
const core::ParameterInfo* find_parameter(const Infos& infos, std::string_view name) {
  for (const core::ProviderInfo* info : infos) {
    if (const auto* found = core::find_parameter(info->connection_parameters, name)) return found;
  }
  return nullptr;
}

bool is_allowed_in(Oid catalog, std::string_view name, const core::ParameterInfo* parameter) {
  const bool credential = name == "username" || (parameter != nullptr && parameter->secret);
  if (catalog == ForeignServerRelationId) return name == "provider" || (parameter != nullptr && !parameter->secret);
  if (catalog == UserMappingRelationId) return credential || (parameter != nullptr && parameter->server_file);
  return false;
}

std::string allowed_names(Oid catalog, const Infos& infos) {
  std::set<std::string> names;
  if (catalog == ForeignServerRelationId) names.insert("provider");
  for (const core::ProviderInfo* info : infos) {
    for (const core::ParameterInfo& parameter : info->connection_parameters) {
      if (is_allowed_in(catalog, parameter.name, &parameter)) names.insert(std::string(parameter.name));
    }
  }
  return core::joined(names);
}

std::string hint_for(const std::string& name, Oid catalog, const Infos& infos) {
  const std::string ours(core::key_for(name).value_or(name));
  const std::string meant = ours == name ? "" : "It is called \"" + ours + "\" here. ";
  const core::ParameterInfo* parameter = find_parameter(infos, ours);
  if (catalog == ForeignServerRelationId && parameter != nullptr && parameter->secret) {
    return meant + "Secrets belong in the user mapping: CREATE USER MAPPING ... OPTIONS (" + ours + " '...').";
  }
  if (catalog == UserMappingRelationId && (parameter != nullptr || ours == "provider") &&
      !is_allowed_in(catalog, ours, parameter)) {
    return meant + "It belongs on the server: CREATE SERVER ... OPTIONS (" + ours + " '...').";
  }
  const std::string names = allowed_names(catalog, infos);
  return meant + (names.empty() ? "There are no options here." : "Options here are: " + names + ".");
}

void check_provider(const std::string& id) {
  if (providers().find(id) != nullptr) return;
  const auto meant = core::nearest_provider(id, providers());
  throw core::Error(core::ErrorNumber::invalid_parameters, "there is no provider \"" + id + "\"", {},
                    (meant ? "Did you mean \"" + std::string(*meant) + "\"? " : std::string()) +
                        "cdb_connectors() lists the providers.");
}

void check_options(const core::ConnectionOptions& options, Oid catalog) {
  const auto provider = options.find("provider");
  if (catalog == ForeignServerRelationId && provider != options.end()) check_provider(provider->second);
  const Infos infos = providers_of(options);
  for (const auto& [name, value] : options) {
    const core::ParameterInfo* parameter = find_parameter(infos, name);
    if (!is_allowed_in(catalog, name, parameter)) {
      throw core::Error(core::ErrorNumber::invalid_parameters, "invalid option \"" + name + "\"", {},
                        hint_for(name, catalog, infos));
    }
    if (parameter != nullptr && parameter->server_file && !pg::guard([] { return superuser(); })) {
      throw core::Error(core::ErrorNumber::connectors_disabled, "only superusers may set option \"" + name + "\"",
                        "The option names a file of the database server.",
                        "Have a superuser set it on the server or in the user mapping.");
    }
  }
}

}  // namespace

}  // namespace connector::fdw

CONNECTOR_FUNCTION(connector_fdw_validator) {
  const Datum options = PG_GETARG_DATUM(0);
  const Oid catalog = PG_GETARG_OID(1);
  if (catalog == ForeignTableRelationId) {
    // Nobody could read it.
    throw connector::core::Error(connector::core::ErrorNumber::invalid_parameters,
                                 "foreign tables of wrapper connector are not supported", {},
                                 "cdb_import_connector() makes a local table of a remote one, and cdb_sync_connector() "
                                 "keeps it up to date.");
  }
  List* list = connector::pg::guard([=] { return untransformRelOptions(options); });
  connector::core::ConnectionOptions given;
  for (int i = 0; i < list_length(list); ++i) {
    auto* option = static_cast<DefElem*>(list_nth(list, i));
    given[option->defname] = connector::pg::utf8_text(connector::pg::guard([=] { return defGetString(option); }));
  }
  connector::fdw::check_options(given, catalog);
  return Datum{0};
}
