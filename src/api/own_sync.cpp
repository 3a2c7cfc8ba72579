#include "api/own_sync.hpp"

#include <vector>

#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"
#include "jobs/sync_name.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "store/sync_names.hpp"

extern "C" {
#include "catalog/pg_authid.h"
#include "tcop/utility.h"
}

namespace connector::api {

void require_argument(FunctionCallInfo fcinfo, int argument, const char* name) {
  if (!fcinfo->args[argument].isnull) return;
  throw core::Error(core::ErrorNumber::invalid_parameters, "argument " + std::string(name) + " must not be NULL");
}

std::optional<std::string> optional_text(FunctionCallInfo fcinfo, int argument) {
  if (fcinfo->args[argument].isnull) return std::nullopt;
  return pg::datum_text(fcinfo->args[argument].value);
}

void require_writable(const char* function) {
  pg::guard([=] { PreventCommandIfReadOnly(function); });
}

std::string id_argument(FunctionCallInfo fcinfo) {
  require_argument(fcinfo, 0, "id");
  return pg::uuid_text(fcinfo->args[0].value);
}

std::string named_argument(FunctionCallInfo fcinfo, Among among) {
  require_argument(fcinfo, 0, "id");
  const std::string text = pg::datum_text(fcinfo->args[0].value);
  if (jobs::looks_like_uuid(text)) return pg::canonical_uuid(text);
  const bool sees_all = among == Among::seen && pg::has_privileges_of(ROLE_PG_READ_ALL_STATS);
  std::vector<std::string> ids;
  std::vector<std::string> own;
  for (const store::NamedSync& sync : store::syncs_named(text)) {
    if (sync.owner == GetUserId()) own.push_back(sync.id);
    if (sees_all || pg::has_privileges_of(sync.owner)) ids.push_back(sync.id);
  }
  if (own.size() == 1) return own.front();
  if (ids.size() == 1) return ids.front();
  if (ids.empty()) {
    throw core::Error(core::ErrorNumber::invalid_parameters, "there is no sync with name " + core::quoted(text),
                      "It may have been deleted, or belong to another role.",
                      "The view connector.syncs has the names and ids.");
  }
  throw core::Error(core::ErrorNumber::invalid_parameters,
                    "there are " + std::to_string(ids.size()) + " syncs with name " + core::quoted(text),
                    "Their ids are " + core::joined(ids) + ".", "Give the id.");
}

core::Error no_such_import(const std::string& id) {
  return core::Error(core::ErrorNumber::invalid_parameters, "there is no import with id " + id,
                     "It may have been forgotten (connector.keep_runs), or belong to another role.",
                     "The view connector.imports has the ids.");
}

core::Error no_such_sync(const std::string& id) {
  return core::Error(core::ErrorNumber::invalid_parameters, "there is no sync with id " + id,
                     "It may have been deleted, or belong to another role.",
                     "The view connector.syncs has the names and ids.");
}

void check_own_sync(const std::string& id) {
  const std::optional<Oid> owner = store::sync_owner(id);
  if (!owner || !pg::has_privileges_of(*owner)) throw no_such_sync(id);
}

store::Sync own_sync(const std::string& id) {
  check_own_sync(id);
  std::optional<store::Sync> found = store::lock_sync(id);
  if (!found || !pg::has_privileges_of(found->owner)) throw no_such_sync(id);  // it may have waited for a lock
  return std::move(*found);
}

}  // namespace connector::api
