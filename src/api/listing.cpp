#include "api/listing.hpp"

#include <string_view>
#include <unordered_map>

#include "api/json.hpp"
#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "pg/row_set.hpp"
#include "pg/text.hpp"
#include "pg/uuid.hpp"

extern "C" {
#include "catalog/pg_type.h"
}

namespace connector::api {

store::Page page_argument(FunctionCallInfo fcinfo) {
  store::Page page;
  if (!fcinfo->args[0].isnull) {
    page.limit = DatumGetInt32(fcinfo->args[0].value);
    if (*page.limit < 1) {
      throw core::Error(core::ErrorNumber::invalid_parameters, "\"limit\" must be at least 1", {},
                        "Give the largest number of rows that are wanted, or NULL for all.");
    }
  }
  if (!fcinfo->args[1].isnull) page.before = pg::uuid_text(fcinfo->args[1].value);
  return page;
}

pg::SqlParameter ids_parameter(const std::vector<std::string>& ids) {
  return {UUIDARRAYOID, "{" + core::joined(ids, ",") + "}"};
}

Datum return_objects(FunctionCallInfo fcinfo, const std::vector<std::string>& ids, const pg::SqlRows& objects) {
  std::unordered_map<std::string_view, const std::string*> by_id;
  for (const auto& row : objects) by_id.emplace(*row[1], &*row[0]);
  pg::SqlRows rows;
  rows.reserve(ids.size());
  for (const std::string& id : ids) {
    const auto found = by_id.find(id);
    if (found == by_id.end()) continue;
    rows.push_back({pg::exact_server_text(json_text(Json::parse(pg::utf8_text(*found->second))))});
  }
  return pg::return_rows(fcinfo, rows);
}

}  // namespace connector::api
