// The columns of a plan that "key" and "cursor" of "sync" name.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "load/read/plan.hpp"

namespace connector::load {

/// The index in the plan's columns of the one that `name` means, in whatever case. `role` is "key" or "cursor". Throws
/// core::Error (invalid_parameters) that says why there is none.
std::size_t sync_column(const std::string& name, std::string_view role, const LoadPlan& plan);

/// The same for each column of "key". Throws for one that is named twice, too.
std::vector<std::size_t> sync_key(const std::vector<std::string>& names, const LoadPlan& plan);

}  // namespace connector::load
