#include "api/own_sync.hpp"

#include "pg/guard.hpp"
#include "pg/uuid.hpp"

extern "C" {
#include "utils/acl.h"
}

namespace connector::api {

std::string id_argument(FunctionCallInfo fcinfo) {
  return pg::uuid_text(fcinfo->args[0].value);
}

core::Error no_such_sync(const std::string& id) {
  return core::Error(core::ErrorNumber::invalid_parameters, "there is no sync with id " + id,
                     "It may have been deleted, or belong to another role.");
}

store::Sync own_sync(const std::string& id) {
  const std::optional<Oid> owner = store::sync_owner(id);
  if (!owner || !pg::guard([&] { return has_privs_of_role(GetUserId(), *owner); })) throw no_such_sync(id);
  std::optional<store::Sync> found = store::lock_sync(id);
  if (!found) throw no_such_sync(id);
  return std::move(*found);
}

}  // namespace connector::api
