// Calls about one import or one sync, which must be one that the role may know of.
#pragma once

#include <vector>

#include "http/routes/route.hpp"

namespace connector::http {

/// Runs a statement about the import whose id is $1. The functions of SQL tell an id that nobody has, or that is
/// another role's, by the number of wrong parameters: then the role's own imports are looked through. Throws Refusal
/// (404) if it is none of them, else as Call::query().
Task<Rows> query_import(Call& call, const char* sql, std::vector<Value> values);

/// The same for the sync whose id is $1.
Task<Rows> query_sync(Call& call, const char* sql, std::vector<Value> values);

/// Throws Refusal (404) unless the sync of the path is one that the role may change.
Task<> require_own_sync(Call& call);

/// A list of one value, the id in the path. Throws as uuid_of_path().
std::vector<Value> id_of_path(const Call& call);

/// What /openapi.json says of ids.
inline constexpr AnswerText not_found_text = {404, "There is none with that id, or it is another role's"};

/// Whether a failure is one of the request.
bool is_invalid_request(const SqlFailure& failure) noexcept;

}  // namespace connector::http
