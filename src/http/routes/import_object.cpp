#include "http/routes/import_object.hpp"

#include <string_view>

#include "http/message/reply.hpp"

namespace connector::http {

namespace {

constexpr std::string_view first_members[] = {"id",
                                              "user_id",
                                              "table_id",
                                              "data_type",
                                              "table_name",
                                              "state",
                                              "error_code",
                                              "queue_id",
                                              "tables_created_count",
                                              "synchronization_id",
                                              "type_guessing",
                                              "quoted_fields_guessing",
                                              "content_guessing",
                                              "create_visualization",
                                              "visualization_id",
                                              "user_defined_limits",
                                              "get_error_text",
                                              "display_name",
                                              "success",
                                              "original_url",
                                              "warnings",
                                              "is_raster"};

}  // namespace

std::string import_object(const std::string& status) {
  Json told = Json::parse(status);
  const bool complete = told["state"] == "complete";
  if (told["success"].is_null()) told.erase("success");
  if (complete && !told["table_name"].is_null()) told["visualization_id"] = told["id"];
  told["user_defined_limits"] = "{}";  // JSON in a text
  Json object;
  for (const std::string_view name : first_members) {
    const auto found = told.find(std::string(name));
    if (found != told.end()) object[std::string(name)] = *found;
  }
  if (complete) {
    object["any_table_raster"] = false;
    object["derived_visualization_id"] = nullptr;
  }
  for (const auto& [name, value] : told.items()) {
    if (!object.contains(name)) object[name] = value;
  }
  return json_reply(object).body;
}

}  // namespace connector::http
