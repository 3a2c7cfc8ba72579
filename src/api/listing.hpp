// Lists of imports and syncs as sets of JSON objects, a page at a time.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "pg/spi.hpp"
#include "store/newest.hpp"

namespace connector::api {

/// The arguments "limit" (an integer) and "before" (a uuid), which are the first two; NULL means all, and from the
/// newest on. Throws core::Error (invalid_parameters) if the limit is less than 1.
store::Page page_argument(FunctionCallInfo fcinfo);

/// A list of ids as a parameter of type uuid[].
pg::SqlParameter ids_parameter(const std::vector<std::string>& ids);

/// Makes objects the result, of type json, of the set-returning function that is being called, in the order of `ids`.
/// `objects` are rows of an object's text and its id, in any order.
Datum return_objects(FunctionCallInfo fcinfo, const std::vector<std::string>& ids, const pg::SqlRows& objects);

}  // namespace connector::api
