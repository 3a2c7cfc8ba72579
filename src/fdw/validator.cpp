// The options of foreign servers and user mappings of the wrapper "connector".
#include "pg/postgres.hpp"

#include <set>
#include <string>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "drivers/providers.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/reloptions.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
}

namespace connector::fdw {

namespace {

/// What any provider's connection takes under this name; null if none does.
const core::ParameterInfo* find_parameter(std::string_view name) {
  for (const core::KnownProvider& known : providers().all()) {
    if (known.provider == nullptr) continue;
    for (const core::ParameterInfo& parameter : known.provider->info().connection_parameters) {
      if (parameter.name == name) return &parameter;
    }
  }
  return nullptr;
}

bool is_allowed_in(Oid catalog, std::string_view name, const core::ParameterInfo* parameter) {
  const bool credential = name == "username" || (parameter != nullptr && parameter->secret);
  if (catalog == ForeignServerRelationId) return name == "provider" || (parameter != nullptr && !parameter->secret);
  if (catalog == UserMappingRelationId) return credential || (parameter != nullptr && parameter->server_file);
  return false;
}

std::string allowed_names(Oid catalog) {
  std::set<std::string> names;
  if (catalog == ForeignServerRelationId) names.insert("provider");
  for (const core::KnownProvider& known : providers().all()) {
    if (known.provider == nullptr) continue;
    for (const core::ParameterInfo& parameter : known.provider->info().connection_parameters) {
      if (is_allowed_in(catalog, parameter.name, &parameter)) names.insert(std::string(parameter.name));
    }
  }
  return core::joined(names);
}

void validate(const DefElem* option, Oid catalog) {
  const std::string name = option->defname;
  const core::ParameterInfo* parameter = find_parameter(name);
  if (!is_allowed_in(catalog, name, parameter)) {
    const std::string names = allowed_names(catalog);
    throw core::Error(core::ErrorNumber::invalid_parameters, "invalid option \"" + name + "\"", {},
                      names.empty() ? "There are no options here." : "Options here are: " + names + ".");
  }
  if (parameter != nullptr && parameter->server_file && !superuser()) {
    throw core::Error(core::ErrorNumber::connectors_disabled, "only superusers may set option \"" + name + "\"",
                      "The option names a file of the database server.");
  }
  const std::string value = pg::utf8_text(pg::guard([&] { return defGetString(const_cast<DefElem*>(option)); }));
  if (name == "provider" && providers().find(value) == nullptr) {
    throw core::Error(core::ErrorNumber::invalid_parameters, "there is no provider \"" + value + "\"");
  }
}

}  // namespace

}  // namespace connector::fdw

CONNECTOR_FUNCTION(connector_fdw_validator) {
  const Datum options = PG_GETARG_DATUM(0);
  const Oid catalog = PG_GETARG_OID(1);
  List* list = connector::pg::guard([=] { return untransformRelOptions(options); });
  for (int i = 0; i < list_length(list); ++i) {
    connector::fdw::validate(static_cast<const DefElem*>(list_nth(list, i)), catalog);
  }
  return Datum{0};
}
