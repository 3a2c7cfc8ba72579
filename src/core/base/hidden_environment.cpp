#include "core/base/hidden_environment.hpp"

#include <cstddef>
#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

namespace connector::core {

namespace {

struct HiddenVariable {
  std::size_t holders = 0;
  std::optional<std::string> value{};  ///< nothing: it was not set
};

/// By name.
std::map<std::string, HiddenVariable>& hidden_variables() {
  static std::map<std::string, HiddenVariable> variables;
  return variables;
}

}  // namespace

HiddenEnvironment::HiddenEnvironment(std::span<const char* const> names) : names_(names.begin(), names.end()) {
  for (const std::string& name : names_) {
    HiddenVariable& variable = hidden_variables()[name];
    if (variable.holders++ > 0) continue;
    if (const char* value = std::getenv(name.c_str())) variable.value = value;
    unsetenv(name.c_str());
  }
}

HiddenEnvironment::~HiddenEnvironment() {
  for (const std::string& name : names_) {
    const auto variable = hidden_variables().find(name);
    if (--variable->second.holders > 0) continue;
    if (variable->second.value) setenv(name.c_str(), variable->second.value->c_str(), 1);
    hidden_variables().erase(variable);
  }
}

}  // namespace connector::core
