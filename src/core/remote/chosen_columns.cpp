#include "core/remote/chosen_columns.hpp"

#include <algorithm>
#include <numeric>

#include "core/base/error.hpp"
#include "core/base/letter_case.hpp"
#include "core/base/utf8.hpp"

namespace connector::core {

namespace {

class ColumnFinder {
 public:
  ColumnFinder(const std::vector<std::string>& names, const SourceRequest& request, std::string_view provider,
               NameCase name_case)
      : names_(names),
        source_(request.query.empty() ? "the table" : "the query"),
        provider_(provider),
        name_case_(name_case) {}

  std::size_t find(const std::string& name) const {
    auto found = std::ranges::find(names_, name);
    if (found == names_.end() && name_case_ == NameCase::ignored) {
      const auto is_same = [&](const std::string& other) { return same_but_for_case(other, name); };
      found = std::ranges::find_if(names_, is_same);
      if (found != names_.end() && std::any_of(found + 1, names_.end(), is_same)) {
        refuse(source_ + " has more than one column " + core::quoted(name) + " but for case",
               "Write the name in \"columns\" as " + source_ + " has it.");
      }
    }
    if (found == names_.end()) {
      refuse(source_ + " has no column " + core::quoted(name),
             name_case_ == NameCase::counts ? "Upper and lower case are told apart." : "");
    }
    return static_cast<std::size_t>(found - names_.begin());
  }

  [[noreturn]] void refuse(std::string message, std::string hint) const {
    throw Error(ErrorNumber::invalid_parameters, std::move(message), "Provider " + provider_ + ", phase describe.",
                std::move(hint))
        .with_parameter("columns");
  }

 private:
  const std::vector<std::string>& names_;
  std::string source_;
  std::string provider_;
  NameCase name_case_;
};

}  // namespace

std::vector<std::size_t> chosen_columns(const std::vector<std::string>& names, const SourceRequest& request,
                                        std::string_view provider, NameCase name_case) {
  std::vector<std::size_t> indexes(names.size());
  std::iota(indexes.begin(), indexes.end(), 0);
  if (request.columns.empty()) return indexes;
  indexes.clear();
  const ColumnFinder finder(names, request, provider, name_case);
  for (const ColumnRequest& asked : request.columns) {
    const std::size_t index = finder.find(asked.name);
    if (std::ranges::find(indexes, index) != indexes.end()) {
      finder.refuse("\"columns\" has column " + core::quoted(names[index]) + " twice, in different case", "");
    }
    indexes.push_back(index);
  }
  return indexes;
}

}  // namespace connector::core
