#include "core/remote/registry.hpp"

namespace connector::core {

const Provider* Registry::find(std::string_view id) const noexcept {
  for (const KnownProvider& known : providers_) {
    if (known.id == id) return known.provider;
  }
  return nullptr;
}

ConnectionOptions with_defaults(const ProviderInfo& info, const ConnectionOptions& options) {
  ConnectionOptions result = options;
  for (const ParameterInfo& parameter : info.connection_parameters) {
    if (parameter.default_value.empty()) continue;
    result.try_emplace(std::string(parameter.name), parameter.default_value);
  }
  return result;
}

}  // namespace connector::core
