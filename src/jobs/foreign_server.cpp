#include "jobs/foreign_server.hpp"

#include "core/base/error.hpp"
#include "core/request/masked_connector.hpp"
#include "core/request/request_reader.hpp"
#include "pg/compat.h"
#include "pg/guard.hpp"
#include "pg/relation.hpp"
#include "pg/text.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "access/reloptions.h"
}

namespace connector::jobs {

namespace {

struct Mapping {
  Oid oid;
  TransactionId transaction;  ///< that wrote it as it is
  ItemPointerData place;      ///< where it stands: a transaction may change it several times
  List* options;
};

/// The first mapping there is of these roles (InvalidOid: PUBLIC), else an empty one.
Mapping find_mapping(std::initializer_list<Oid> roles, Oid server) {
  return pg::guard([=] {
    Mapping mapping{};
    const auto read = [&mapping](HeapTuple row) {
      mapping.oid = reinterpret_cast<Form_pg_user_mapping>(GETSTRUCT(row))->oid;
      mapping.transaction = HeapTupleHeaderGetRawXmin(row->t_data);
      mapping.place = row->t_self;
      bool is_null;
      const Datum options = SysCacheGetAttr(USERMAPPINGUSERSERVER, row, Anum_pg_user_mapping_umoptions, &is_null);
      if (!is_null) mapping.options = untransformRelOptions(options);
    };
    for (const Oid of : roles) {
      if (pg::with_cached_row(USERMAPPINGUSERSERVER, ObjectIdGetDatum(of), ObjectIdGetDatum(server), read)) break;
    }
    return mapping;
  });
}

enum class IfMissing { raise, none };

/// The server of this wrapper, which the current role may use.
const ForeignServer* usable_server(std::string_view name, IfMissing if_missing = IfMissing::raise) {
  const std::string server_name = pg::exact_server_text(name);
  // What was meant as something else than a name may hold a password.
  const bool is_shown = !core::may_hold_a_secret(name);
  return pg::guard([&]() -> const ForeignServer* {
    const ForeignServer* found = GetForeignServerByName(server_name.c_str(), true);
    if (found == nullptr) {
      if (if_missing == IfMissing::none) return nullptr;
      ereport(ERROR,
              (errcode(ERRCODE_UNDEFINED_OBJECT),
               is_shown ? errmsg("foreign server \"%s\" does not exist", server_name.c_str())
                        : errmsg("\"connection\" is not the name of a foreign server"),
               errhint("Give the name of a foreign server of the wrapper %s (\\des in psql lists them, CREATE SERVER "
                       "makes one), or an object of parameters.",
                       wrapper_name)));
    }
    if (found->fdwid != get_foreign_data_wrapper_oid(wrapper_name, false)) {
      ereport(ERROR,
              (errcode(ERRCODE_WRONG_OBJECT_TYPE),
               errmsg("foreign server \"%s\" is not one of foreign-data wrapper %s", server_name.c_str(), wrapper_name),
               errhint("\\des in psql lists the foreign servers with their wrappers.")));
    }
    if (connector_aclcheck_server(found->serverid, GetUserId()) != ACLCHECK_OK) {
      const char* role = quote_identifier(GetUserNameFromId(GetUserId(), false));
      ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                      errmsg("permission denied for foreign server %s", found->servername),
                      errhint("Ask its owner for GRANT USAGE ON FOREIGN SERVER %s TO %s.",
                              quote_identifier(found->servername), role)));
    }
    return found;
  });
}

}  // namespace

core::ConnectionOptions options_in(const List* list) {
  core::ConnectionOptions options;
  for (int i = 0; i < list_length(list); ++i) {
    auto* option = static_cast<DefElem*>(list_nth(list, i));
    options[option->defname] = pg::utf8_text(pg::guard([=] { return defGetString(option); }));
  }
  return options;
}

Oid wrapper_oid() {
  return pg::guard([] { return get_foreign_data_wrapper_oid(wrapper_name, false); });
}

void check_wrapper_usage() {
  pg::guard([] {
    const Oid wrapper = get_foreign_data_wrapper_oid(wrapper_name, false);
    if (connector_aclcheck_fdw(wrapper, GetUserId()) != ACLCHECK_OK) {
      ereport(ERROR,
              (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
               errmsg("permission denied for foreign-data wrapper %s", wrapper_name),
               errdetail("A connection given in the request needs USAGE on the foreign-data wrapper."),
               errhint("Ask a superuser for GRANT USAGE ON FOREIGN DATA WRAPPER %s, or name a foreign server that you "
                       "may use as \"connection\".",
                       wrapper_name)));
    }
  });
}

ServerConnection server_connection(std::string_view name, std::string_view provider) {
  const ForeignServer* server = usable_server(name);
  ServerConnection connection;
  connection.superuser_owns = pg::guard([=] { return superuser_arg(server->owner); });
  core::ConnectionOptions& options = connection.options;
  const Mapping mapping = find_mapping({GetUserId(), InvalidOid}, server->serverid);
  options = options_in(mapping.options);
  options.merge(options_in(server->options));
  options.erase(std::string(pushdown_option));
  connection.mapping = mapping.oid;
  connection.mapping_version = std::to_string(mapping.transaction) + ':' +
                               std::to_string(ItemPointerGetBlockNumberNoCheck(&mapping.place)) + ',' +
                               std::to_string(ItemPointerGetOffsetNumberNoCheck(&mapping.place));
  // As in a request, a blank text is no value; only a password may be empty.
  std::erase_if(options,
                [](const auto& option) { return core::is_blank(option.second) && option.first != "password"; });
  const auto declared = options.find(provider_option);
  if (declared != options.end()) {
    if (declared->second != provider) {
      throw core::Error(core::ErrorNumber::invalid_parameters,
                        "foreign server \"" + std::string(name) + "\" is for provider \"" + declared->second +
                            "\", not \"" + std::string(provider) + "\"",
                        {}, "Leave \"provider\" out of the request: the server supplies it.")
          .with_parameter("provider");
    }
    options.erase(declared);
  }
  return connection;
}

namespace {

/// A blank text is no value.
std::optional<std::string> declared_provider(const core::ConnectionOptions& options) {
  const auto declared = options.find(provider_option);
  if (declared == options.end() || core::is_blank(declared->second)) return std::nullopt;
  return declared->second;
}

}  // namespace

std::optional<std::string> server_provider(std::string_view name) {
  return declared_provider(options_in(usable_server(name)->options));
}

StoredServer stored_server(const ForeignServer& server) {
  return {.oid = server.serverid,
          .owner = server.owner,
          .name = server.servername,
          .options = options_in(server.options),
          .provider = declared_provider(options_in(server.options))};
}

std::optional<StoredServer> find_server(std::string_view name) {
  const ForeignServer* found = usable_server(name, IfMissing::none);
  if (found == nullptr) return std::nullopt;
  return stored_server(*found);
}

StoredServer present_server(std::string_view name) {
  return stored_server(*usable_server(name));
}

StoredMapping stored_mapping(Oid role, Oid server) {
  const Mapping mapping = find_mapping({role}, server);
  return {.oid = mapping.oid, .options = options_in(mapping.options)};
}

core::Error missing_mapping(std::string_view name) {
  const std::string server_name = pg::exact_server_text(name);
  const char* user = pg::guard([] { return GetUserNameFromId(GetUserId(), false); });
  const std::string role = pg::utf8_text(user);
  const std::string command = pg::utf8_text(pg::guard([&] {
    return psprintf("CREATE USER MAPPING FOR %s SERVER %s OPTIONS (username '...', password '...')",
                    quote_identifier(user), quote_identifier(server_name.c_str()));
  }));
  return {core::ErrorNumber::invalid_parameters,
          "no user mapping for \"" + role + "\" on server \"" + std::string(name) + "\"",
          "The server itself does not say how to log in.", command + " gives the role its login."};
}

}  // namespace connector::jobs
