#include "pg/postgres.hpp"

#include "load/table/layout.hpp"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/base/error.hpp"
#include "core/request/names.hpp"
#include "load/table/target.hpp"
#include "pg/text.hpp"

namespace connector::load {

using Json = nlohmann::ordered_json;

namespace {

bool has_the_key(const RefreshTarget& target, const LoadPlan& plan) {
  std::size_t columns = 0;
  for (const TargetColumn& column : target.columns) columns += column.in_primary_key ? 1 : 0;
  return columns == plan.primary_key.size() && std::ranges::all_of(plan.primary_key, [&](std::size_t index) {
           const TargetColumn* local = target.find(pg::exact_server_text(plan.columns[index].name));
           return local != nullptr && local->in_primary_key;
         });
}

}  // namespace

const LayoutColumn* Layout::find(std::string_view name) const {
  const auto found = std::ranges::find_if(columns, [&](const LayoutColumn& column) { return column.name == name; });
  return found == columns.end() ? nullptr : &*found;
}

std::string layout_text(const LoadPlan& plan, const RefreshTarget* target) {
  Json columns = Json::array();
  for (const PlannedColumn& column : plan.columns) {
    Json entry{{"name", column.name}, {"type", pg::utf8_text(column.target.shown)}};
    const TargetColumn* local = target != nullptr ? target->find(pg::exact_server_text(column.name)) : nullptr;
    if (column.not_null && (target == nullptr || (local != nullptr && local->not_null))) entry["not_null"] = true;
    if (column.remote_name != column.name) entry["remote"] = column.remote_name;
    columns.push_back(std::move(entry));
  }
  Json layout{{"columns", std::move(columns)}};
  if (!plan.primary_key.empty() && (target == nullptr || has_the_key(*target, plan))) {
    for (const std::size_t index : plan.primary_key) layout["primary_key"].push_back(plan.columns[index].name);
  }
  return layout.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void use_former_names(LoadPlan& plan, const Layout& layout) {
  // A query can have the same name twice: then only the order tells the columns apart.
  std::map<std::string, const LayoutColumn*> former;
  for (const LayoutColumn& column : layout.columns) {
    if (!former.try_emplace(column.remote, &column).second) return;
  }
  std::set<std::string> remote_names;
  std::set<std::string> taken;
  for (const PlannedColumn& column : plan.columns) {
    if (!remote_names.insert(column.remote_name).second) return;
    if (const auto found = former.find(column.remote_name); found != former.end()) taken.insert(found->second->name);
  }
  for (PlannedColumn& column : plan.columns) {
    const auto found = former.find(column.remote_name);
    column.name = found != former.end()
                      ? found->second->name
                      : core::unused_name(column.name, [&](const std::string& name) { return taken.contains(name); });
    taken.insert(column.name);
  }
}

Layout parse_layout(std::string_view text) {
  try {
    Layout layout;
    const Json json = Json::parse(text);
    for (const Json& column : json.at("columns")) {
      layout.columns.push_back({column.at("name").get<std::string>(), column.at("type").get<std::string>(),
                                column.value("not_null", false), column.value("remote", column.at("name"))});
    }
    layout.primary_key = json.value("primary_key", std::vector<std::string>());
    return layout;
  } catch (const Json::exception&) {
    throw core::Error(core::ErrorNumber::invalid_parameters, "what is stored of the table's columns can't be read");
  }
}

}  // namespace connector::load
