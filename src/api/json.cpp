#include "api/json.hpp"

#include "pg/text.hpp"

namespace connector::api {

Datum json_datum(const Json& json) {
  // A database whose encoding lacks a character still gets the result: JSON can escape it.
  return pg::text_datum(json.dump(-1, ' ', !pg::database_is_utf8(), Json::error_handler_t::replace));
}

}  // namespace connector::api
