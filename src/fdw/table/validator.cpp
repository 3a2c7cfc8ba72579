// Checks the options of foreign servers, user mappings, foreign tables and their columns of the wrapper "connector".
#include "pg/postgres.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "core/remote/secret_mask.hpp"
#include "core/request/connection_reader.hpp"
#include "core/request/synonyms.hpp"
#include "core/request/request_reader.hpp"
#include "reader/providers.hpp"
#include "fdw/table/options.hpp"
#include "jobs/foreign_server.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"

extern "C" {
#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
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

/// Whether an option that none of the providers describes is one for its driver. A user mapping does not tell for which
/// provider it is: there, what is no secret is refused.
bool is_for_driver(Oid catalog, std::string_view name, const Infos& infos) {
  const auto takes_it = [&](const core::ProviderInfo* info) {
    return info->other_connection_keys && core::is_secret_option(*info, name) == (catalog == UserMappingRelationId);
  };
  if (catalog == ForeignServerRelationId && infos.size() != 1) return false;
  return std::ranges::any_of(infos, takes_it);
}

bool is_allowed_in(Oid catalog, std::string_view name, const core::ParameterInfo* parameter) {
  const bool credential = name == "username" || (parameter != nullptr && parameter->secret);
  if (catalog == ForeignServerRelationId) {
    return name == "provider" || name == pushdown_parameter.name || (parameter != nullptr && !parameter->secret);
  }
  if (catalog == UserMappingRelationId) return credential || (parameter != nullptr && parameter->server_file);
  return false;
}

std::set<std::string_view> allowed_names(Oid catalog, const Infos& infos) {
  std::set<std::string_view> names;
  if (catalog == ForeignServerRelationId) names = {"provider", pushdown_parameter.name};
  for (const core::ProviderInfo* info : infos) {
    for (const core::ParameterInfo& parameter : info->connection_parameters) {
      if (is_allowed_in(catalog, parameter.name, &parameter)) names.insert(parameter.name);
    }
  }
  return names;
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
  const std::set<std::string_view> names = allowed_names(catalog, infos);
  if (names.empty()) return meant + "There are no options here.";
  const std::vector<std::string_view> known(names.begin(), names.end());
  const auto near = ours == name ? core::nearest_name(name, known) : std::nullopt;
  return meant + (near ? "Did you mean \"" + std::string(*near) + "\"? " : "") +
         "Options here are: " + core::joined(names) + ".";
}

void check_provider(const std::string& id) {
  if (providers().find(id) != nullptr) return;
  const auto meant = core::nearest_provider(id, providers());
  throw core::Error(core::ErrorNumber::invalid_parameters, "there is no provider \"" + id + "\"", {},
                    (meant ? "Did you mean \"" + std::string(*meant) + "\"? " : std::string()) +
                        "cdb_connectors() lists the providers.");
}

/// In bytes. Whoever may use a server is shown its options with those of all others, so they are not for anything long.
constexpr std::size_t longest_option = 4096;

void check_length(const std::string& name, const std::string& value) {
  if (value.size() <= longest_option) return;
  throw core::Error(core::ErrorNumber::invalid_parameters, "option \"" + name + "\" is too long",
                    "It has " + std::to_string(value.size()) + " bytes, and at most " + std::to_string(longest_option) +
                        " are allowed.",
                    "Give only what the connection needs.");
}

/// Options of servers and user mappings. What their values must be is checked when they are used, together.
void check_options(const core::ConnectionOptions& options, Oid catalog) {
  const auto provider = options.find("provider");
  if (catalog == ForeignServerRelationId && provider != options.end()) check_provider(provider->second);
  const Infos infos = providers_of(options);
  if (catalog == ForeignServerRelationId && infos.size() == 1 && infos.front()->dials_by_itself &&
      !pg::guard([] { return superuser(); })) {
    // The owner of a server may change; who has set its options is not known later.
    throw core::Error(
        core::ErrorNumber::connectors_disabled,
        "only superusers may make or change a foreign server for provider \"" + std::string(infos.front()->id) + "\"",
        "Its drivers dial by themselves, with the rights of the database server.",
        "Have a superuser make it, and GRANT USAGE ON FOREIGN SERVER.");
  }
  for (const auto& [name, value] : options) {
    check_length(name, value);
    const core::ParameterInfo* parameter = find_parameter(infos, name);
    const bool is_for_driver_alone = parameter == nullptr && is_for_driver(catalog, name, infos);
    if (!is_allowed_in(catalog, name, parameter) && !is_for_driver_alone) {
      throw core::Error(core::ErrorNumber::invalid_parameters, "invalid option \"" + name + "\"", {},
                        hint_for(name, catalog, infos));
    }
    if (is_for_driver_alone && catalog == UserMappingRelationId && !pg::guard([] { return superuser(); })) {
      throw core::Error(core::ErrorNumber::connectors_disabled, "only superusers may set option \"" + name + "\"",
                        "What a driver makes of it is not known here.", "Have a superuser set it in the user mapping.");
    }
    if (parameter != nullptr && parameter->server_file && !pg::guard([] { return superuser(); })) {
      throw core::Error(core::ErrorNumber::connectors_disabled, "only superusers may set option \"" + name + "\"",
                        "The option names a file of the database server.",
                        "Have a superuser set it on the server or in the user mapping.");
    }
  }
}

void check_pushdown(const core::ConnectionOptions& options) {
  const auto given = options.find(pushdown_parameter.name);
  if (given == options.end()) return;
  core::Problems problems;
  core::check_parameter_value(pushdown_parameter, given->first, given->second, problems);
  problems.throw_if_any("invalid options of the foreign server", {});
}

/// The validator does not learn for which server it is asked: what the server's provider has no use for is refused
/// when the table is used.
void check(const core::ConnectionOptions& options, Oid catalog) {
  switch (catalog) {
    case ForeignTableRelationId:
      return check_table_options(options, providers_of({}), "invalid options of the foreign table");
    case AttributeRelationId:
      return check_column_options(options, "invalid options of the column");
    default:
      check_options(options, catalog);
      check_pushdown(options);
  }
}

}  // namespace

}  // namespace connector::fdw

CONNECTOR_FUNCTION(connector_fdw_validator) {
  const Datum options = PG_GETARG_DATUM(0);
  const List* list = connector::pg::guard([=] { return untransformRelOptions(options); });
  connector::fdw::check(connector::jobs::options_in(list), PG_GETARG_OID(1));
  return Datum{0};
}
