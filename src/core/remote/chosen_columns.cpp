#include "core/remote/chosen_columns.hpp"

#include <algorithm>
#include <numeric>

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"

namespace connector::core {

std::vector<std::size_t> chosen_columns(const std::vector<std::string>& names, const SourceRequest& request,
                                        std::string_view provider) {
  std::vector<std::size_t> indexes(names.size());
  std::iota(indexes.begin(), indexes.end(), 0);
  if (request.columns.empty()) return indexes;
  indexes.clear();
  for (const ColumnRequest& asked : request.columns) {
    const auto found = std::ranges::find(names, asked.name);
    if (found == names.end()) {
      throw Error(ErrorNumber::invalid_parameters,
                  (request.query.empty() ? "the table" : "the query") + std::string(" has no column ") +
                      core::quoted(asked.name),
                  "Provider " + std::string(provider) + ", phase describe.", "Upper and lower case are told apart.");
    }
    indexes.push_back(static_cast<std::size_t>(found - names.begin()));
  }
  return indexes;
}

}  // namespace connector::core
