#include "jobs/foreign_server.hpp"

#include "core/base/error.hpp"
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
#include "nodes/pg_list.h"
#include "utils/acl.h"
#include "utils/syscache.h"
#include "access/reloptions.h"
}

namespace connector::jobs {

namespace {

constexpr const char* wrapper_name = "connector";

void add_options(core::ConnectionOptions& options, const List* list) {
  for (int i = 0; i < list_length(list); ++i) {
    const auto* option = static_cast<const DefElem*>(list_nth(list, i));
    const char* value = pg::guard([&] { return defGetString(const_cast<DefElem*>(option)); });
    options[option->defname] = pg::utf8_text(value);
  }
}

/// The options of the role's mapping, else of PUBLIC's, else none.
List* mapping_options(Oid role, Oid server) {
  return pg::guard([=]() -> List* {
    List* list = NIL;
    const auto read = [&list](HeapTuple row) {
      bool is_null;
      const Datum options = SysCacheGetAttr(USERMAPPINGUSERSERVER, row, Anum_pg_user_mapping_umoptions, &is_null);
      if (!is_null) list = untransformRelOptions(options);
    };
    for (const Oid of : {role, InvalidOid}) {
      if (pg::with_cached_row(USERMAPPINGUSERSERVER, ObjectIdGetDatum(of), ObjectIdGetDatum(server), read)) break;
    }
    return list;
  });
}

}  // namespace

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
  const std::string server_name = pg::exact_server_text(name);
  ForeignServer* server = pg::guard([&]() -> ForeignServer* {
    ForeignServer* found = GetForeignServerByName(server_name.c_str(), false);
    if (found->fdwid != get_foreign_data_wrapper_oid(wrapper_name, false)) {
      ereport(ERROR,
              (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("foreign server \"%s\" is not one of foreign-data wrapper %s",
                                                          server_name.c_str(), wrapper_name)));
    }
    if (connector_aclcheck_server(found->serverid, GetUserId()) != ACLCHECK_OK) {
      aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_SERVER, found->servername);
    }
    return found;
  });
  ServerConnection connection;
  connection.superuser_owns = pg::guard([=] { return superuser_arg(server->owner); });
  core::ConnectionOptions& options = connection.options;
  add_options(options, server->options);
  add_options(options, mapping_options(GetUserId(), server->serverid));
  // As in a request, a blank text is no value; only a password may be empty.
  std::erase_if(options,
                [](const auto& option) { return core::is_blank(option.second) && option.first != "password"; });
  const auto declared = options.find("provider");
  if (declared != options.end()) {
    if (declared->second != provider) {
      throw core::Error(core::ErrorNumber::invalid_parameters, "foreign server \"" + std::string(name) +
                                                                   "\" is for provider \"" + declared->second +
                                                                   "\", not \"" + std::string(provider) + "\"");
    }
    options.erase(declared);
  }
  return connection;
}

}  // namespace connector::jobs
