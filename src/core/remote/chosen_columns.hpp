// The columns of a source that a request asks for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/remote/provider.hpp"

namespace connector::core {

/// The indexes in `names` (UTF-8, as the source spells them) of the columns that the request asks for, in its order;
/// all if it asks for none. Throws Error (invalid_parameters) that tells of `provider` if there is no such column.
std::vector<std::size_t> chosen_columns(const std::vector<std::string>& names, const SourceRequest& request,
                                        std::string_view provider);

}  // namespace connector::core
