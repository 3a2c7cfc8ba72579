// Keys that stand for the password of a role: connector.add_api_key(), .sealed_api_key(), .api_key_used(),
// cdb_api_keys(), cdb_api_key_revoke().
#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "api/own_sync.hpp"
#include "core/base/error.hpp"
#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/row_set.hpp"
#include "pg/setting.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"
#include "store/api_keys.hpp"

extern "C" {
#include "access/detoast.h"
#include "access/xact.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"
}

namespace api = connector::api;
namespace core = connector::core;
namespace pg = connector::pg;
namespace store = connector::store;

using core::ErrorNumber;

namespace {

constexpr std::int64_t most_keys = 100;
constexpr int longest_label = 200;  // characters
constexpr std::size_t hash_bytes = 32;
constexpr std::size_t most_sealed_bytes = 4096;

/// The role as which the session logged in, whose password its keys stand for. InvalidOid within code that acts as
/// another role: it may be anybody's.
Oid session_role() {
  return GetUserId() == GetOuterUserId() ? GetSessionUserId() : InvalidOid;
}

bool is_own(Oid owner) {
  return owner != InvalidOid && (owner == session_role() || pg::has_privileges_of(owner));
}

core::Error no_such_key(const std::string& id) {
  return core::Error(ErrorNumber::invalid_parameters, "there is no API key with id " + id,
                     "It may have been revoked, or belong to another role.",
                     "The function cdb_api_keys() has the ids.");
}

core::Error wrong_argument(const std::string& message) {
  return core::Error(ErrorNumber::invalid_parameters, message);
}

/// In the text form of type bytea.
std::string bytes_argument(FunctionCallInfo fcinfo, int argument, const char* name, std::size_t least,
                           std::size_t most) {
  api::require_argument(fcinfo, argument, name);
  const Datum value = fcinfo->args[argument].value;
  const std::size_t size = pg::guard([=] { return toast_raw_datum_size(value) - VARHDRSZ; });
  if (size < least || size > most) {
    throw wrong_argument(std::string(name) + " must have " + (least == most ? "" : std::to_string(least) + " to ") +
                         std::to_string(most) + " bytes");
  }
  return pg::guard([=] { return DatumGetCString(DirectFunctionCall1(byteaout, value)); });
}

std::string label_argument(FunctionCallInfo fcinfo, int argument) {
  api::require_argument(fcinfo, argument, "label");
  const Datum value = fcinfo->args[argument].value;
  const int length = pg::guard([=] { return DatumGetInt32(DirectFunctionCall1(textlen, value)); });
  if (length > longest_label) {
    throw wrong_argument("label must have at most " + std::to_string(longest_label) + " characters");
  }
  return pg::guard([=] { return TextDatumGetCString(value); });
}

std::optional<std::string> future_argument(FunctionCallInfo fcinfo, int argument) {
  if (fcinfo->args[argument].isnull) return std::nullopt;
  const Datum value = fcinfo->args[argument].value;
  if (DatumGetTimestampTz(value) <= GetCurrentTimestamp()) throw wrong_argument("expires_at must be in the future");
  return pg::guard([=] { return DatumGetCString(DirectFunctionCall1(timestamptz_out, value)); });
}

void add_key(Oid role, const store::NewApiKey& key) {
  store::lock_api_keys(role);
  store::delete_ownerless_api_keys();
  store::delete_expired_api_keys(role);
  if (store::count_api_keys(role) >= most_keys) {
    throw core::Error(ErrorNumber::too_many_concurrent,
                      "this role already has " + std::to_string(most_keys) + " API keys", {},
                      "Revoke some with cdb_api_key_revoke(); cdb_api_keys() lists them.");
  }
  if (!store::add_api_key(role, key)) throw wrong_argument("there is an API key with id " + key.id + " already");
}

}  // namespace

CONNECTOR_FUNCTION(connector_add_api_key) {
  api::require_writable("add_api_key()");
  const Oid role = session_role();
  if (role == InvalidOid) {
    throw core::Error(ErrorNumber::connectors_disabled, "an API key can be added by the session itself only",
                      "The key would stand for the session's role; this is code that acts as another one.");
  }
  pg::with_fixed_formats([&] {
    add_key(role, {.id = api::id_argument(fcinfo),
                   .label = label_argument(fcinfo, 1),
                   .secret_hash = bytes_argument(fcinfo, 2, "secret_hash", hash_bytes, hash_bytes),
                   .sealed = bytes_argument(fcinfo, 3, "sealed", 1, most_sealed_bytes),
                   .expires_at = future_argument(fcinfo, 4)});
  });
  PG_RETURN_VOID();
}

CONNECTOR_FUNCTION(connector_sealed_api_key) {
  const std::string id = api::id_argument(fcinfo);
  return pg::with_fixed_formats([&] { return pg::return_rows(fcinfo, store::sealed_api_key(id)); });
}

CONNECTOR_FUNCTION(connector_api_key_used) {
  const std::string id = api::id_argument(fcinfo);
  if (!store::has_api_key(GetSessionUserId(), id)) return BoolGetDatum(false);
  if (!XactReadOnly) store::note_use_of_api_key(id);
  return BoolGetDatum(true);
}

CONNECTOR_FUNCTION(connector_api_keys) {
  return pg::with_fixed_formats([&] { return pg::return_rows(fcinfo, store::api_keys(GetUserId(), session_role())); });
}

CONNECTOR_FUNCTION(connector_api_key_revoke) {
  api::require_writable("cdb_api_key_revoke()");
  const std::string id = api::id_argument(fcinfo);
  if (!is_own(store::owner_of_api_key(id)) || !store::revoke_api_key(id)) throw no_such_key(id);
  PG_RETURN_VOID();
}
