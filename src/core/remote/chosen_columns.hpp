// The columns of a source that a request asks for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/remote/source.hpp"

namespace connector::core {

/// Whether upper and lower case make names different. Where they don't, a name in other case is found if it is the only
/// one.
enum class NameCase { counts, ignored };

/// The indexes in `names` (UTF-8, as the source spells them) of the columns that the request asks for, in its order;
/// all if it asks for none. Throws Error (invalid_parameters) that tells of `provider` if there is no such column, or
/// if it can't be told which one is meant.
std::vector<std::size_t> chosen_columns(const std::vector<std::string>& names, const SourceRequest& request,
                                        std::string_view provider, NameCase name_case = NameCase::counts);

}  // namespace connector::core
