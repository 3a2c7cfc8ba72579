#include "pg/postgres.hpp"

#include "load/layout.hpp"

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "pg/text.hpp"

namespace connector::load {

using Json = nlohmann::ordered_json;

std::string layout_text(const LoadPlan& plan) {
  Json columns = Json::array();
  for (const PlannedColumn& column : plan.columns) {
    columns.push_back({{"name", column.name}, {"type", pg::utf8_text(std::string_view(column.target.shown))}});
  }
  return Json{{"columns", std::move(columns)}}.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Layout parse_layout(std::string_view text) {
  try {
    Layout layout;
    const Json json = Json::parse(text);
    for (const Json& column : json.at("columns")) {
      layout.push_back({column.at("name").get<std::string>(), column.at("type").get<std::string>()});
    }
    return layout;
  } catch (const Json::exception&) {
    throw core::Error(core::ErrorNumber::invalid_parameters, "what is stored of the table's columns can't be read");
  }
}

}  // namespace connector::load
