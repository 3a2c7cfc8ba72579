#include "fdw/table/saved_servers.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/utf8.hpp"
#include "core/remote/registry.hpp"
#include "core/remote/secret_mask.hpp"
#include "core/request/connection_reader.hpp"
#include "core/request/masked_connector.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/spi.hpp"
#include "pg/text.hpp"
#include "reader/providers.hpp"
#include "store/server_users.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "miscadmin.h"
}

namespace connector::fdw {

namespace {

/// Whatever provider the server is for, if it does not say.
bool is_secret(const core::ProviderInfo* info, std::string_view name) {
  if (info != nullptr) return core::is_secret_option(*info, name);
  return std::ranges::any_of(providers().all(), [&](const core::KnownProvider& known) {
    return known.provider != nullptr && core::is_secret_option(known.provider->info(), name);
  });
}

/// Settings of a remote session, which are JSON, without those that are not known to be harmless.
std::string shown_settings(const core::ParameterInfo& parameter, const std::string& text) {
  core::JsonValue object;
  try {
    object = core::parse_json(text);
  } catch (const core::Error&) {
    return std::string(core::secret_mask);
  }
  for (core::JsonMember& member : object.members) {
    const bool is_shown =
        std::ranges::find(parameter.shown_members, core::lower_ascii(member.key)) != parameter.shown_members.end();
    if (is_shown) continue;
    member.value = {};
    member.value.type = core::JsonValue::Type::string;
    member.value.text = core::secret_mask;
  }
  return core::json_text(object);
}

SavedServer described(const jobs::StoredServer& server, const std::vector<store::ServerUse>& uses) {
  SavedServer saved;
  saved.name = pg::utf8_text(server.name);
  saved.provider = server.provider;
  const char* owner = pg::guard([&] { return GetUserNameFromId(server.owner, true); });
  if (owner != nullptr) saved.owner = pg::utf8_text(owner);
  saved.may_change = pg::has_privileges_of(server.owner);
  const StoredConnection stored = stored_connection(server);
  const core::ProviderInfo* info = provider_of(server);
  saved.connection = stored.mapping.options;
  saved.connection.insert(stored.of_server.begin(), stored.of_server.end());
  for (auto& [name, value] : saved.connection) {
    const auto* parameter = info == nullptr ? nullptr : core::find_parameter(info->connection_parameters, name);
    if (is_secret(info, name)) {
      value = core::secret_mask;
    } else if (parameter != nullptr && parameter->object) {
      value = shown_settings(*parameter, value);
    }
  }
  for (const store::ServerUse& use : uses) {
    if (use.server == saved.name && sees_work_of(use.owner)) saved.used_by += use.syncs;
  }
  return saved;
}

}  // namespace

bool sees_work_of(Oid owner) {
  return pg::has_privileges_of(owner) || pg::has_privileges_of(ROLE_PG_READ_ALL_STATS);
}

const core::ProviderInfo* provider_of(const jobs::StoredServer& server) {
  const core::Provider* provider = server.provider ? providers().find(*server.provider) : nullptr;
  return provider == nullptr ? nullptr : &provider->info();
}

StoredConnection stored_connection(const jobs::StoredServer& server) {
  StoredConnection stored{.of_server = server.options, .mapping = jobs::stored_mapping(GetUserId(), server.oid)};
  for (const std::string_view name : {jobs::provider_option, jobs::pushdown_option}) {
    stored.of_server.erase(std::string(name));
  }
  stored.is_own = stored.mapping.oid != InvalidOid;
  // As the view pg_user_mappings has it.
  if (!stored.is_own && pg::has_privileges_of(server.owner)) {
    stored.mapping = jobs::stored_mapping(InvalidOid, server.oid);
  }
  return stored;
}

std::vector<SavedServer> saved_servers() {
  const std::vector<store::ServerUse> uses = store::server_uses();
  std::vector<SavedServer> servers;
  for (const auto& row : pg::catalog_query("SELECT oid FROM pg_foreign_server WHERE srvfdw = $1 "
                                           "AND has_server_privilege(oid, 'USAGE') ORDER BY srvname",
                                           {{OIDOID, std::to_string(jobs::wrapper_oid())}})) {
    const Oid oid = pg::read_oid(row[0]);
    const ForeignServer* server = pg::guard([=] { return GetForeignServerExtended(oid, FSV_MISSING_OK); });
    if (server != nullptr) servers.push_back(described(jobs::stored_server(*server), uses));
  }
  return servers;
}

SavedServer saved_server(std::string_view name) {
  return described(jobs::present_server(name), store::server_uses());
}

}  // namespace connector::fdw
