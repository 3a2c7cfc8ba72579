// Requests with their secrets told apart: what may be shown and stored, and how both are put together again.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace connector::core {

class Registry;
struct JsonValue;

/// What is shown in place of a secret.
inline constexpr std::string_view secret_mask = "********";

/// A request as it is stored: what anybody may see, and apart from it the secrets.
struct StoredRequest {
  std::string masked;  ///< the connector object as compact JSON, each secret as "********"
  std::optional<std::string>
      secrets;           ///< JSON: `[[3, "hunter2"], …]`, which value of `masked` is what; none = no masks
  bool trusted = false;  ///< given by a superuser
};

/// The secrets of a stored request are no longer than this, so that they always fit a page of a table.
constexpr std::size_t max_secret_bytes = 4000;

/// A request with its secrets told apart.
struct MaskedConnector {
  std::string text;                    ///< the connector object, keys in their order and spelling, as in StoredRequest
  std::optional<std::string> secrets;  ///< likewise
  std::vector<std::string> secret_texts;  ///< the texts of all secrets, without empty ones and masks
};

/// Takes the secrets out of a request, in the bare or the wrapped form. Throws Error (invalid_parameters) if they are
/// too long to be stored.
MaskedConnector mask_connector(std::string_view json, const Registry& registry);

/// Whether what stands for the name of a foreign server may be something else that holds a password: a URL, or a
/// connection string.
bool may_hold_a_secret(std::string_view server_name) noexcept;

/// The secrets of a request, by the numbers of their places, as StoredRequest keeps them. Throws Error
/// (invalid_parameters) if they are too long to be stored.
std::string secrets_text(const std::map<std::size_t, JsonValue>& secrets);

/// Puts a stored request together again: compact JSON with every secret in its own place. Throws Error
/// (invalid_parameters) if the secrets don't belong to it.
std::string whole_connector(const StoredRequest& stored);

}  // namespace connector::core
