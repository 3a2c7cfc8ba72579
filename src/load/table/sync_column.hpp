// The columns of a plan that a request names: "key" and "cursor" of "sync", "column" of "distribute".
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "load/read/plan.hpp"

namespace connector::load {

/// The index in the plan's columns of the one that `name` means, in whatever case. Throws core::Error
/// (invalid_parameters) that says why there is none: `role` is what it is named for, `key` where, as a request has it.
std::size_t planned_column(const std::string& name, const std::string& role, const std::string& key,
                           const LoadPlan& plan);

/// The same of "key" or "cursor" of "sync", which is the `role`.
std::size_t sync_column(const std::string& name, std::string_view role, const LoadPlan& plan);

/// The same for each column of "key". Throws for one that is named twice, too.
std::vector<std::size_t> sync_key(const std::vector<std::string>& names, const LoadPlan& plan);

}  // namespace connector::load
