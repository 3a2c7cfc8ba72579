// Takes the secrets of a connection out of texts that a client library or a remote server has written.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/remote/connection_options.hpp"
#include "core/remote/provider.hpp"

namespace connector::core {

/// Whether the value of an option is a secret: as the provider describes it, or, if it does not, because its name
/// (lower case) says so.
bool is_secret_option(const ProviderInfo& info, std::string_view name) noexcept;

class SecretMask {
 public:
  SecretMask() = default;
  /// Secrets are those of is_secret_option().
  SecretMask(const ProviderInfo& info, const ConnectionOptions& options);

  /// The text with a mask in the place of each secret. A secret of few characters is looked for only behind `=`, where
  /// connection strings have it: elsewhere it would be found in words, and what is missing there would give it away.
  std::string operator()(std::string text) const;

 private:
  std::vector<std::string> secrets_;
};

}  // namespace connector::core
