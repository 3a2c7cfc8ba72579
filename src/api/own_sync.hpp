// Arguments of functions on syncs and imports, and the sync that is meant, if the caller may change it.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

#include "core/base/error.hpp"
#include "store/syncs.hpp"

namespace connector::api {

/// Throws core::Error (invalid_parameters) if the argument is NULL: a script whose variable is not set did nothing.
void require_argument(FunctionCallInfo fcinfo, int argument, const char* name);

/// The text argument in UTF-8; nothing if it is NULL.
std::optional<std::string> optional_text(FunctionCallInfo fcinfo, int argument);

/// Throws PgError in a read-only transaction.
void require_writable(const char* function);

/// The uuid that is the first argument, which must not be NULL.
std::string id_argument(FunctionCallInfo fcinfo);

/// Which syncs a name may mean.
enum class Among {
  own,   ///< those whose owner's privileges the current role has
  seen,  ///< all that it sees in the views
};

/// The id of the sync that is meant by the first argument, a text: a uuid is an id, anything else the name of a sync
/// among those, first of all one that belongs to the current role itself. Throws core::Error (invalid_parameters) if
/// there is none, or more than one.
std::string named_argument(FunctionCallInfo fcinfo, Among among = Among::own);

core::Error no_such_sync(const std::string& id);
core::Error no_such_import(const std::string& id);

/// Throws core::Error (invalid_parameters) if there is no such sync, or the current role lacks the privileges of its
/// owner.
void check_own_sync(const std::string& id);

/// The sync, its row locked until the transaction's end. Throws core::Error (invalid_parameters) if there is none, or
/// the current role lacks the privileges of its owner.
store::Sync own_sync(const std::string& id);

}  // namespace connector::api
