// Arguments of functions on syncs, and the sync that is meant, if the caller may change it.
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

/// The id of the sync that is meant by the first argument, a text: a uuid is an id, anything else the name of a sync
/// whose owner's privileges the current role has, or that belongs to the current role itself if several have it. Throws
/// core::Error (invalid_parameters) if there is none, or more than one.
std::string named_argument(FunctionCallInfo fcinfo);

core::Error no_such_sync(const std::string& id);

/// The sync, its row locked until the transaction's end. Throws core::Error (invalid_parameters) if there is none, or
/// the current role lacks the privileges of its owner.
store::Sync own_sync(const std::string& id);

}  // namespace connector::api
