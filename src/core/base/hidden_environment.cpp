#include "core/base/hidden_environment.hpp"

#include <cstdlib>

namespace connector::core {

HiddenEnvironment::HiddenEnvironment(std::span<const char* const> names) {
  for (const char* name : names) {
    if (const char* value = std::getenv(name)) variables_.emplace_back(name, value);
  }
  for (const auto& [name, value] : variables_) unsetenv(name.c_str());
}

HiddenEnvironment::~HiddenEnvironment() {
  for (const auto& [name, value] : variables_) setenv(name.c_str(), value.c_str(), 1);
}

}  // namespace connector::core
