// Masks that come back: somebody changes a request that he was shown, and leaves the secrets as they were shown to him.
#pragma once

#include <set>
#include <string>

#include "core/remote/connection_options.hpp"
#include "core/request/connector_spec.hpp"
#include "core/request/masked_connector.hpp"

namespace connector::core {

struct ProviderInfo;

/// Whether a secret of the request is the mask that is shown in place of secrets.
bool has_masks(const StoredRequest& request);

/// Throws Error (invalid_parameters) if a secret of the request is the mask that is shown in place of secrets.
void refuse_masks(const StoredRequest& request);

/// A request as it is stored, and as it was read from all of that.
struct ReadRequest {
  const StoredRequest& stored;
  const ConnectorSpec& spec;
};

/// `asked`, with the secrets of `kept` in the places of its masks; as it is if it has none. A secret only ever goes
/// where it went before: throws Error (invalid_parameters) unless both requests have their secrets under the same keys,
/// all those of `asked` are masks, and all else of the connection is the same in both, defaults filled in. `info`
/// describes the provider of `asked`. No message tells anything of a secret.
StoredRequest keep_secrets(const ReadRequest& asked, const ReadRequest& kept, const ProviderInfo& info);

/// The same for the connection of a saved server, whose secrets are kept unless they are given anew or are in
/// `removed`: `asked` with those of `stored`, which the same role may use, for its masks and for secrets that it lacks.
ConnectionOptions keep_secrets(const ConnectionOptions& asked, const std::set<std::string>& removed,
                               const ConnectionOptions& stored, const ProviderInfo& info);

}  // namespace connector::core
