// The providers that were built in.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "core/remote/provider.hpp"

namespace connector::core {

/// A provider the project knows, built in or not: `cdb_connectors()` lists all of them.
struct KnownProvider {
  std::string_view id;
  std::string_view name;
  const Provider* provider;  ///< null: left out at build time
};

class Registry {
 public:
  explicit Registry(std::vector<KnownProvider> providers) : providers_(std::move(providers)) {}
  std::span<const KnownProvider> all() const noexcept { return providers_; }
  /// The built-in provider of this id, or null. Ids are matched exactly.
  const Provider* find(std::string_view id) const noexcept;

 private:
  std::vector<KnownProvider> providers_;
};

/// All connection parameter names of the provider with their defaults filled in where options lack them.
ConnectionOptions with_defaults(const ProviderInfo& info, const ConnectionOptions& options);

}  // namespace connector::core
