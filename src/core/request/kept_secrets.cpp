#include "core/request/kept_secrets.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/utf8.hpp"
#include "core/remote/registry.hpp"
#include "core/remote/secret_mask.hpp"

namespace connector::core {

namespace {

/// A secret of a stored request.
struct Secret {
  std::string number;  ///< of its place, as stored
  JsonValue value;
};

/// By the path of keys to it: "connection.password".
using Secrets = std::map<std::string, Secret, std::less<>>;

std::string path_to(std::string_view option) {
  return "connection." + std::string(option);
}

bool is_mask(const JsonValue& value) {
  return value.type == JsonValue::Type::string && value.text == secret_mask;
}

bool has_masks(const Secrets& secrets) {
  return std::ranges::any_of(secrets, [](const auto& entry) { return is_mask(entry.second.value); });
}

/// The path of keys to each value, by the numbers of StoredRequest. Keys of a request and of `connection` are matched
/// without regard to case, those inside are names for the remote.
void collect_paths(const JsonValue& value, const std::string& path, int depth, std::vector<std::string>& paths) {
  constexpr int request_and_connection = 2;
  paths.push_back(path);
  for (const JsonValue& item : value.items) collect_paths(item, path + "[]", depth + 1, paths);
  for (const JsonMember& member : value.members) {
    const std::string key = depth < request_and_connection ? lower_ascii(member.key) : member.key;
    collect_paths(member.value, path.empty() ? key : path + '.' + key, depth + 1, paths);
  }
}

Secrets secrets_of(const StoredRequest& request) {
  Secrets secrets;
  if (!request.secrets) return secrets;
  std::vector<std::string> paths;
  collect_paths(parse_json(request.masked, 2 * max_json_bytes), {}, 0, paths);
  for (JsonValue& entry : parse_json(*request.secrets).items) {
    const std::string& number = entry.items.at(0).text;
    secrets.insert_or_assign(paths.at(std::stoul(number)), Secret{number, std::move(entry.items.at(1))});
  }
  return secrets;
}

[[noreturn]] void refuse_to_keep(std::string_view key, std::string detail) {
  throw Error(ErrorNumber::invalid_parameters, "the stored secret " + quoted(key) + " can't be kept", std::move(detail),
              key == "connection.password" ? "Give the password again." : "Give the secret again.")
      .with_parameter(std::string(key));
}

/// The name of a key whose values differ; nothing if all are the same.
template <typename Options>
std::optional<std::string> difference(const Options& a, const Options& b) {
  const auto differs_from = [](const Options& others) {
    return [&others](const auto& option) {
      const auto other = others.find(option.first);
      return other == others.end() || other->second != option.second;
    };
  };
  if (const auto found = std::ranges::find_if(a, differs_from(b)); found != a.end()) return found->first;
  if (const auto found = std::ranges::find_if(b, differs_from(a)); found != b.end()) return found->first;
  return std::nullopt;
}

/// What says where a request connects to, and how, without the secrets.
struct Place {
  ConnectionOptions options;
  std::map<std::string, std::string> session;
};

Place place_of(const ConnectorSpec& spec, const ProviderInfo& info, const Secrets& secrets) {
  Place place{with_defaults(info, spec.connection), spec.session};
  std::erase_if(place.options, [&](const auto& option) { return secrets.contains(path_to(option.first)); });
  std::erase_if(place.session,
                [&](const auto& setting) { return secrets.contains("connection.session." + setting.first); });
  return place;
}

/// The key in which the connections differ; nothing if they are the same.
std::optional<std::string> difference(const ReadRequest& asked, const ReadRequest& kept, const ProviderInfo& info,
                                      const Secrets& secrets) {
  if (asked.spec.provider != kept.spec.provider) return "provider";
  if (asked.spec.foreign_server || kept.spec.foreign_server) {
    if (asked.spec.foreign_server == kept.spec.foreign_server) return std::nullopt;
    return "connection";
  }
  const Place to = place_of(asked.spec, info, secrets);
  const Place from = place_of(kept.spec, info, secrets);
  if (const auto key = difference(to.options, from.options)) return path_to(*key);
  if (const auto key = difference(to.session, from.session)) return "connection.session." + *key;
  return std::nullopt;
}

}  // namespace

bool has_masks(const StoredRequest& request) {
  return has_masks(secrets_of(request));
}

void refuse_masks(const StoredRequest& request) {
  for (const auto& [key, secret] : secrets_of(request)) {
    if (!is_mask(secret.value)) continue;
    throw Error(ErrorNumber::invalid_parameters, quoted(key) + " is the mask of a secret, not the secret",
                "\"" + std::string(secret_mask) + "\" is what is shown in place of a password.",
                "Give the password itself. A change of a sync keeps the one that is stored: cdb_sync_update(), or "
                "cdb_sync_connector() with the sync's name.")
        .with_parameter(key);
  }
}

StoredRequest keep_secrets(const ReadRequest& asked, const ReadRequest& kept, const ProviderInfo& info) {
  Secrets secrets = secrets_of(asked.stored);
  if (!has_masks(secrets)) return asked.stored;
  Secrets stored = secrets_of(kept.stored);
  const std::string first =
      std::ranges::find_if(secrets, [](const auto& entry) { return is_mask(entry.second.value); })->first;
  std::map<std::size_t, JsonValue> found;  // in the order of the text
  for (auto& [key, secret] : secrets) {
    // Whether a new secret beside a kept one is the stored one must not be told.
    if (!is_mask(secret.value)) refuse_to_keep(first, "Secret " + quoted(key) + " is given anew.");
    const auto source = stored.find(key);
    if (source == stored.end() || is_mask(source->second.value)) {
      refuse_to_keep(key, "No secret of this role is stored under this key.");
    }
    found.emplace(std::stoul(secret.number), std::move(source->second.value));
  }
  for (const auto& [key, secret] : stored) {
    if (!secrets.contains(key)) refuse_to_keep(first, "The connection differs in " + quoted(key) + '.');
  }
  if (const auto key = difference(asked, kept, info, secrets)) {
    refuse_to_keep(first, "The connection differs in " + quoted(*key) + '.');
  }
  StoredRequest whole = asked.stored;
  whole.secrets = secrets_text(found);
  return whole;
}

ConnectionOptions keep_secrets(const ConnectionOptions& asked, const std::set<std::string>& removed,
                               const ConnectionOptions& stored, const ProviderInfo& info) {
  ConnectionOptions whole = asked;
  std::optional<std::string> first;  // of the secrets that are kept
  std::optional<std::string> changed;
  for (auto& [name, value] : whole) {
    if (!is_secret_option(info, name)) continue;
    if (value != secret_mask) {
      changed = path_to(name);
      continue;
    }
    const auto source = stored.find(name);
    if (source == stored.end()) refuse_to_keep(path_to(name), "No secret of this role is stored under this key.");
    value = source->second;
    if (!first) first = path_to(name);
  }
  for (const auto& [name, value] : stored) {
    if (!is_secret_option(info, name) || whole.contains(name)) continue;
    if (removed.contains(name)) {
      changed = path_to(name);
      continue;
    }
    whole.emplace(name, value);
    if (!first) first = path_to(name);
  }
  if (!first) return whole;
  // As above: whether a new secret is the stored one is not told.
  if (changed) refuse_to_keep(*first, "Secret " + quoted(*changed) + " is given anew or removed.");
  ConnectionOptions to = with_defaults(info, whole);
  ConnectionOptions from = with_defaults(info, stored);
  for (ConnectionOptions* options : {&to, &from}) {
    std::erase_if(*options, [&](const auto& option) { return is_secret_option(info, option.first); });
  }
  if (const auto key = difference(to, from)) {
    refuse_to_keep(*first, "The connection differs in " + quoted(path_to(*key)) + '.');
  }
  return whole;
}

}  // namespace connector::core
