#include "fdw/table/server_change.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"
#include "core/remote/registry.hpp"
#include "core/request/connection_reader.hpp"
#include "core/request/kept_secrets.hpp"
#include "core/request/request_reader.hpp"
#include "core/request/server_request.hpp"
#include "fdw/table/saved_servers.hpp"
#include "jobs/foreign_server.hpp"
#include "jobs/request.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/spi.hpp"
#include "pg/statement_secrets.hpp"
#include "pg/text.hpp"
#include "reader/providers.hpp"
#include "store/server_users.hpp"

extern "C" {
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/parsenodes.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
}

namespace connector::fdw {

namespace {

using core::ConnectionOptions;
using core::Error;
using core::ErrorNumber;

constexpr std::size_t most_names_told = 10;

/// A change of an option, in the database's encoding.
struct OptionChange {
  DefElemAction action;
  std::string name;
  std::string value;
};
using OptionChanges = std::vector<OptionChange>;

// The statements are made as parse trees, which no log, view or hook shows: their text would have the password.

/// In a guard.
List* option_list(const OptionChanges& changes) {
  List* list = NIL;
  for (const OptionChange& change : changes) {
    auto* value =
        change.action == DEFELEM_DROP ? nullptr : reinterpret_cast<Node*>(makeString(pstrdup(change.value.c_str())));
    list = lappend(list, makeDefElemExtended(nullptr, pstrdup(change.name.c_str()), value, change.action, -1));
  }
  return list;
}

/// In a guard; null is PUBLIC.
RoleSpec* role_spec(RoleSpecType type, const char* name = nullptr) {
  auto* role = makeNode(RoleSpec);
  role->roletype = type;
  role->rolename = name == nullptr ? nullptr : pstrdup(name);
  role->location = -1;
  return role;
}

/// In a guard.
void run(void* statement, const char* what, const std::string& server) {
  pg::run_utility(static_cast<Node*>(statement), psprintf("%s SERVER %s", what, quote_identifier(server.c_str())));
}

void create_server(const std::string& name, const OptionChanges& options) {
  pg::guard([&] {
    auto* statement = makeNode(CreateForeignServerStmt);
    statement->servername = pstrdup(name.c_str());
    statement->fdwname = pstrdup(jobs::wrapper_name);
    statement->options = option_list(options);
    run(statement, "CREATE", name);
  });
}

void alter_server(const std::string& name, const OptionChanges& options) {
  if (options.empty()) return;
  pg::guard([&] {
    auto* statement = makeNode(AlterForeignServerStmt);
    statement->servername = pstrdup(name.c_str());
    statement->options = option_list(options);
    run(statement, "ALTER", name);
  });
}

/// Of the current role.
void create_mapping(const std::string& server, const OptionChanges& options) {
  if (options.empty()) return;
  pg::guard([&] {
    auto* statement = makeNode(CreateUserMappingStmt);
    statement->user = role_spec(ROLESPEC_CURRENT_USER);
    statement->servername = pstrdup(server.c_str());
    statement->options = option_list(options);
    run(statement, "CREATE USER MAPPING FOR CURRENT_USER", server);
  });
}

/// Of the current role.
void alter_mapping(const std::string& server, const OptionChanges& options) {
  if (options.empty()) return;
  pg::guard([&] {
    auto* statement = makeNode(AlterUserMappingStmt);
    statement->user = role_spec(ROLESPEC_CURRENT_USER);
    statement->servername = pstrdup(server.c_str());
    statement->options = option_list(options);
    run(statement, "ALTER USER MAPPING FOR CURRENT_USER", server);
  });
}

/// Of a role, or of PUBLIC.
void drop_mapping(const std::string& server, const std::optional<std::string>& role) {
  pg::guard([&] {
    auto* statement = makeNode(DropUserMappingStmt);
    statement->user = role ? role_spec(ROLESPEC_CSTRING, role->c_str()) : role_spec(ROLESPEC_PUBLIC);
    statement->servername = pstrdup(server.c_str());
    run(statement, "DROP USER MAPPING", server);
  });
}

void drop_alone(const std::string& server) {
  pg::guard([&] {
    auto* statement = makeNode(DropStmt);
    statement->removeType = OBJECT_FOREIGN_SERVER;
    statement->objects = list_make1(makeString(pstrdup(server.c_str())));
    statement->behavior = DROP_RESTRICT;
    run(statement, "DROP", server);
  });
}

/// What makes `wanted` of `present`.
OptionChanges changes(const ConnectionOptions& present, const ConnectionOptions& wanted) {
  OptionChanges list;
  const auto add = [&](DefElemAction action, const std::string& name, const std::string& value) {
    list.push_back({action, pg::exact_server_text(name), pg::exact_server_text(value)});
  };
  for (const auto& [name, value] : wanted) {
    const auto found = present.find(name);
    if (found == present.end()) {
      add(DEFELEM_ADD, name, value);
    } else if (found->second != value) {
      add(DEFELEM_SET, name, value);
    }
  }
  for (const auto& [name, value] : present) {
    if (!wanted.contains(name)) add(DEFELEM_DROP, name, {});
  }
  return list;
}

/// Options as they are given to a new server or mapping.
OptionChanges all_of(const ConnectionOptions& options) {
  OptionChanges list = changes({}, options);
  for (OptionChange& option : list) option.action = DEFELEM_UNSPEC;
  return list;
}

/// As in a request, a blank text is no value; only the login may have such a one.
ConnectionOptions without_blanks(ConnectionOptions options) {
  std::erase_if(options, [](const auto& option) { return core::is_blank(option.second); });
  return options;
}

void check_name(const std::string& name) {
  if (core::is_blank(name)) throw Error(ErrorNumber::invalid_parameters, "the name of a server must not be blank");
  if (name.find("://") != std::string::npos) {
    throw Error(ErrorNumber::invalid_parameters, "the name of a server must not be a URL", {},
                "Give it a word as its name: requests call it by that.");
  }
  if (pg::exact_server_text(name).size() >= NAMEDATALEN) {
    throw Error(ErrorNumber::invalid_parameters, "the name of a server is too long",
                "Names have at most " + std::to_string(NAMEDATALEN - 1) + " bytes.");
  }
}

[[noreturn]] void refuse_to_change(const jobs::StoredServer& server, const char* hint) {
  pg::guard([&] {
    ereport(ERROR,
            (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("must be owner of foreign server %s", server.name.c_str()),
             errdetail("It belongs to role \"%s\".", GetUserNameFromId(server.owner, false)),
             hint == nullptr ? 0 : errhint("%s", hint)));
  });
  pg_unreachable();
}

/// Nobody else changes it until the transaction's end: ALTER SERVER itself locks nothing.
void lock(Oid catalog, Oid object) {
  pg::guard([=] { LockDatabaseObject(catalog, object, 0, ShareUpdateExclusiveLock); });
}

/// A connection, as it is shared out between a server and a user mapping.
struct Shares {
  ConnectionOptions of_server;
  ConnectionOptions of_mapping;
};

/// A file of the database server that the mapping names stays there.
Shares shared_out(const ConnectionOptions& connection, const core::ProviderInfo& info,
                  const ConnectionOptions& of_mapping) {
  Shares shares;
  for (const auto& [name, value] : connection) {
    const core::ParameterInfo* parameter = core::find_parameter(info.connection_parameters, name);
    const bool stays = parameter != nullptr && parameter->server_file && of_mapping.contains(name);
    const bool to_mapping = core::is_login_key(info, name) || stays;
    (to_mapping ? shares.of_mapping : shares.of_server).emplace(name, value);
  }
  return shares;
}

void make_server(const std::string& name, const std::string& connector) {
  const core::ServerRequest request = core::read_server_request(connector, providers(), {});
  const core::ProviderInfo& info = providers().find(request.provider)->info();
  Shares shares = shared_out(core::keep_secrets(request.connection, request.removed, {}, info), info, {});
  shares.of_server.emplace(jobs::provider_option, request.provider);
  create_server(pg::exact_server_text(name), all_of(shares.of_server));
  create_mapping(pg::exact_server_text(name), all_of(shares.of_mapping));
}

/// Without a mapping of its own the role logs in by PUBLIC's, if there is one. Nothing of that gets into a new mapping:
/// a login that differs from it has no secret that was kept (see core::keep_secrets()).
void save_login(const jobs::StoredServer& server, const StoredConnection& stored, const ConnectionOptions& login) {
  if (stored.is_own) {
    alter_mapping(server.name, changes(stored.mapping.options, login));
  } else if (login != stored.mapping.options) {
    create_mapping(server.name, all_of(login));
  }
}

/// The server is there.
void change_server(jobs::StoredServer server, const std::string& name, const std::string& connector) {
  const bool owns = pg::has_privileges_of(server.owner);
  if (owns) lock(ForeignServerRelationId, server.oid);
  const jobs::StoredMapping own = jobs::stored_mapping(GetUserId(), server.oid);
  if (own.oid != InvalidOid) lock(UserMappingRelationId, own.oid);
  server = jobs::present_server(name);
  const StoredConnection stored = stored_connection(server);
  const ConnectionOptions of_server = without_blanks(stored.of_server);
  ConnectionOptions whole = stored.mapping.options;
  whole.insert(of_server.begin(), of_server.end());

  core::PresentServer present{.provider = server.provider, .fixed = {}};
  if (!owns) present.fixed = of_server;
  const core::ServerRequest request = core::read_server_request(connector, providers(), present);
  const core::ProviderInfo& info = providers().find(request.provider)->info();
  const Shares shares =
      shared_out(core::keep_secrets(request.connection, request.removed, whole, info), info, stored.mapping.options);
  if (!owns && shares.of_server != of_server) {
    refuse_to_change(server, "You may save a username and a password of your own for it, with nothing else changed.");
  }
  if (owns) {
    ConnectionOptions wanted = shares.of_server;
    wanted.emplace(jobs::provider_option, request.provider);
    const auto pushdown = server.options.find(jobs::pushdown_option);
    if (pushdown != server.options.end()) wanted.insert(*pushdown);
    alter_server(server.name, changes(server.options, wanted));
  }
  save_login(server, stored, shares.of_mapping);
}

std::string counted(std::size_t number, const std::string& what) {
  return std::to_string(number) + ' ' + what + (number == 1 ? "" : "s");
}

std::string names_of(const std::vector<store::ServerUser>& users, bool syncs, const std::string& heading) {
  std::string names;
  std::size_t told = 0;
  std::size_t visible = 0;
  for (const store::ServerUser& user : users) {
    if (user.is_sync != syncs || !sees_work_of(user.owner)) continue;
    ++visible;
    if (told == most_names_told) continue;
    ++told;
    core::add_item(names, core::quoted(user.name));
  }
  if (names.empty()) return {};
  if (visible > told) names += " and " + std::to_string(visible - told) + " more";
  return heading + names + '.';
}

void check_unused(const std::string& name) {
  const std::vector<store::ServerUser> users = store::users_of_server(name);
  if (users.empty()) return;
  const auto syncs = static_cast<std::size_t>(std::ranges::count(users, true, &store::ServerUser::is_sync));
  const std::size_t imports = users.size() - syncs;
  std::string count;
  if (syncs > 0) count = counted(syncs, "sync");
  if (imports > 0) core::add_item(count, counted(imports, "queued import"), " and ");
  std::string detail = names_of(users, true, "Syncs: ");
  const std::string tables = names_of(users, false, "Queued imports into: ");
  if (!tables.empty()) core::add_item(detail, tables, "\n");
  throw Error(ErrorNumber::dependents_in_the_way, "foreign server " + core::quoted(name) + " is used by " + count,
              detail,
              "Delete them or give them another connection first: cdb_sync_delete(), cdb_sync_update(), "
              "cdb_import_cancel().");
}

/// The roles that have a mapping on the server; nothing is PUBLIC.
std::vector<std::optional<std::string>> mapped_roles(Oid server) {
  std::vector<std::optional<std::string>> roles;
  for (const auto& row : pg::catalog_query("SELECT r.rolname FROM pg_user_mappings m "
                                           "LEFT JOIN pg_roles r ON r.oid = m.umuser WHERE m.srvid = $1 ORDER BY 1",
                                           {{OIDOID, std::to_string(server)}})) {
    roles.push_back(row[0]);
  }
  return roles;
}

}  // namespace

void save_server(const std::string& name, Datum connector) {
  pg::hide_in_statement();  // as a whole: what is wrong with it is not known yet
  const std::string text = jobs::request_text(connector);
  check_name(name);
  if (std::optional<jobs::StoredServer> present = jobs::find_server(name)) {
    change_server(std::move(*present), name, text);
  } else {
    make_server(name, text);
  }
}

void drop_server(const std::string& name) {
  const jobs::StoredServer server = jobs::present_server(name);
  if (!pg::has_privileges_of(server.owner)) refuse_to_change(server, nullptr);
  check_unused(name);
  for (const std::optional<std::string>& role : mapped_roles(server.oid)) drop_mapping(server.name, role);
  drop_alone(server.name);
}

}  // namespace connector::fdw
