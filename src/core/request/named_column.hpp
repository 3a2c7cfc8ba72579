// Finding a column that a request names: in "key" and "cursor" of "sync".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace connector::core {

/// The index of the column meant by `name`: the remote's name, else the local one, else the only one of these that it
/// is but for case. Both lists are of the same columns, UTF-8.
std::optional<std::size_t> find_named_column(std::string_view name, const std::vector<std::string>& remote,
                                             const std::vector<std::string>& local);

/// ` Did you mean "…"?` with the name that is probably meant, or nothing.
std::string nearest_column(std::string_view name, const std::vector<std::string>& known);

}  // namespace connector::core
