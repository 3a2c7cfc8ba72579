// The sync that a function's argument names, if the caller may change it.
#pragma once

#include "pg/postgres.hpp"

#include <string>

#include "core/base/error.hpp"
#include "store/syncs.hpp"

namespace connector::api {

/// The uuid that is the first argument.
std::string id_argument(FunctionCallInfo fcinfo);

core::Error no_such_sync(const std::string& id);

/// The sync, its row locked until the transaction's end. Throws core::Error (invalid_parameters) if there is none, or
/// the current role lacks the privileges of its owner.
store::Sync own_sync(const std::string& id);

}  // namespace connector::api
