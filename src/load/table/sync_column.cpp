#include "load/table/sync_column.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "core/base/letter_case.hpp"
#include "core/request/named_column.hpp"
#include "core/base/utf8.hpp"

namespace connector::load {

std::size_t planned_column(const std::string& name, const std::string& role, const std::string& key,
                           const LoadPlan& plan) {
  std::vector<std::string> remote;
  std::vector<std::string> local;
  for (const PlannedColumn& column : plan.columns) {
    remote.push_back(column.remote_name);
    local.push_back(column.name);
  }
  if (const auto index = core::find_named_column(name, remote, local)) return *index;
  const std::string what = "column " + core::quoted(name) + " of the " + role + " ";
  const std::string where = "Name a column of the source in " + key + ".";
  const auto left_out = std::ranges::find_if(
      plan.skipped, [&](const SkippedColumn& column) { return core::same_but_for_case(column.remote_name, name); });
  if (left_out != plan.skipped.end()) {
    throw core::Error(core::ErrorNumber::invalid_parameters, what + "can't be imported", left_out->reason + ".", where);
  }
  throw core::Error(core::ErrorNumber::invalid_parameters, what + "does not exist in the source", {},
                    where + core::nearest_column(name, remote));
}

std::size_t sync_column(const std::string& name, std::string_view role, const LoadPlan& plan) {
  return planned_column(name, std::string(role), "\"" + std::string(role) + "\" of \"sync\"", plan);
}

std::vector<std::size_t> sync_key(const std::vector<std::string>& names, const LoadPlan& plan) {
  std::vector<std::size_t> key;
  for (const std::string& name : names) {
    const std::size_t index = sync_column(name, "key", plan);
    if (std::ranges::find(key, index) != key.end()) {
      throw core::Error(core::ErrorNumber::invalid_parameters,
                        "the key has column " + core::quoted(plan.columns[index].name) + " twice");
    }
    key.push_back(index);
  }
  return key;
}

}  // namespace connector::load
