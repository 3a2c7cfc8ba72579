#include "core/request/named_column.hpp"

#include <algorithm>

#include "core/base/letter_case.hpp"
#include "core/request/request_reader.hpp"
#include "core/base/utf8.hpp"

namespace connector::core {

std::optional<std::size_t> find_named_column(std::string_view name, const std::vector<std::string>& remote,
                                             const std::vector<std::string>& local) {
  for (const auto* names : {&remote, &local}) {
    const auto found = std::ranges::find(*names, name);
    if (found != names->end()) return static_cast<std::size_t>(found - names->begin());
  }
  std::optional<std::size_t> only;
  for (std::size_t i = 0; i < remote.size(); ++i) {
    if (!same_but_for_case(remote[i], name) && !same_but_for_case(local[i], name)) continue;
    if (only) return std::nullopt;
    only = i;
  }
  return only;
}

std::string nearest_column(std::string_view name, const std::vector<std::string>& known) {
  // Case is no difference worth a letter.
  const std::string word = lower_case(name);
  std::vector<std::string> lower;
  for (const std::string& other : known) lower.push_back(lower_case(other));
  const std::vector<std::string_view> views(lower.begin(), lower.end());
  const std::optional<std::string_view> nearest = nearest_name(word, views);
  if (!nearest) return {};
  const auto index = std::ranges::find(views, *nearest) - views.begin();
  // By its full name: that of std would come as near.
  return " Did you mean " + core::quoted(known[static_cast<std::size_t>(index)]) + "?";
}

}  // namespace connector::core
