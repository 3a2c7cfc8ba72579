#include <algorithm>
#include <utility>

#include "core/request/connection_reader.hpp"
#include "core/request/connector_spec.hpp"
#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/remote/registry.hpp"
#include "core/base/utf8.hpp"
#include "core/request/common_parameters.hpp"
#include "core/request/masked_connector.hpp"

namespace connector::core {

namespace {

JsonValue composed(JsonValue::Type type) {
  JsonValue value;
  value.type = type;
  return value;
}

JsonValue text_value(std::string_view text) {
  JsonValue value;
  value.type = JsonValue::Type::string;
  value.text = text;
  return value;
}

JsonValue number_value(std::size_t number) {
  JsonValue value;
  value.type = JsonValue::Type::integer;
  value.text = std::to_string(number);
  return value;
}

/// A value that was masked.
struct Hidden {
  const JsonValue* place;  ///< where its mask is
  JsonValue secret;
};

/// What may be shown of a request: the keys that are described and no secrets. Anything else might be a password
/// under a misspelt key, or in the wrong place.
class Masker {
 public:
  explicit Masker(const Registry& registry) : registry_(registry) {}

  /// What was masked, in the order of the text.
  const std::vector<Hidden>& hidden() const noexcept { return hidden_; }

  /// Masks the secrets of the connector object `object` in place.
  void mask_connector(JsonValue& object) {
    find_providers(object);
    for (JsonMember& member : object.members) {
      const std::string key = lower_ascii(member.key);
      if (key == "connection" && member.value.type == JsonValue::Type::object) {
        for (JsonMember& option : member.value.members) mask_option(option);
      } else if (!shown(key) || (key == "connection" && !is_server_name(member.value))) {
        hide(member.value);
      }
    }
  }

 private:
  static bool is_server_name(const JsonValue& connection) {
    return connection.type == JsonValue::Type::string && !may_hold_a_secret(connection.text);
  }

  /// The provider that the request names, or all of them if it names none, or more than one.
  void find_providers(const JsonValue& object) {
    std::size_t named = 0;
    for (const JsonMember& member : object.members) {
      if (lower_ascii(member.key) != "provider") continue;
      ++named;
      if (const Provider* provider = registry_.find(member.value.text)) infos_.push_back(&provider->info());
    }
    if (named == 1 && infos_.size() == 1) return;
    infos_.clear();
    for (const KnownProvider& known : registry_.all()) {
      if (known.provider != nullptr) infos_.push_back(&known.provider->info());
    }
  }

  bool shown(std::string_view key) const {
    if (find_parameter(common_parameters(), key) != nullptr) return true;
    bool found = false;
    for (const ProviderInfo* info : infos_) {
      const ParameterInfo* parameter = find_parameter(info->parameters, key);
      if (parameter == nullptr) continue;
      if (parameter->secret) return false;
      found = true;
    }
    return found;
  }

  void mask_option(JsonMember& option) {
    const std::string key = lower_ascii(option.key);
    bool found = false;
    bool secret = false;
    bool is_object = false;
    for (const ProviderInfo* info : infos_) {
      const ParameterInfo* parameter = find_parameter(info->connection_parameters, key);
      if (parameter == nullptr) continue;
      found = true;
      secret = secret || parameter->secret;
      is_object = is_object || parameter->object;
    }
    JsonValue& value = option.value;
    const bool composed = value.type == JsonValue::Type::object || value.type == JsonValue::Type::array;
    if (!found || secret || (composed && !(is_object && value.type == JsonValue::Type::object))) {
      hide(value);
      return;
    }
    for (JsonMember& setting : value.members) {
      if (!shown_setting(key, lower_ascii(setting.key))) hide(setting.value);
    }
  }

  /// Settings of a remote session may be anything, keys of storage accounts among them: only those are shown that are
  /// known to be harmless.
  bool shown_setting(std::string_view key, std::string_view name) const {
    return std::ranges::all_of(infos_, [&](const ProviderInfo* info) {
      const ParameterInfo* parameter = find_parameter(info->connection_parameters, key);
      return parameter == nullptr ||
             std::ranges::find(parameter->shown_members, name) != parameter->shown_members.end();
    });
  }

  void hide(JsonValue& value) {
    JsonValue secret = std::exchange(value, text_value(secret_mask));
    hidden_.push_back({&value, std::move(secret)});
  }

  const Registry& registry_;
  std::vector<const ProviderInfo*> infos_;
  std::vector<Hidden> hidden_;
};

/// The connector object of a request in either form.
JsonValue* connector_object(JsonValue& root) {
  for (JsonMember& member : root.members) {
    if (lower_ascii(member.key) == "connector" && member.value.type == JsonValue::Type::object) return &member.value;
  }
  return &root;
}

JsonValue parse_object(std::string_view json) {
  JsonValue root = parse_json(json);
  if (root.type != JsonValue::Type::object) {
    throw Error(ErrorNumber::invalid_parameters, "connector parameters must be a JSON object");
  }
  return root;
}

/// Calls `visit` with each value, in the order of the text and with its number in it. `visit` says whether to go on to
/// the values inside.
template <typename Visit>
void for_each_value(JsonValue& value, std::size_t& number, Visit& visit) {
  if (!visit(number++, value)) return;
  for (JsonValue& item : value.items) for_each_value(item, number, visit);
  for (JsonMember& member : value.members) for_each_value(member.value, number, visit);
}

/// All texts in it that may have been meant as a secret.
void collect_texts(const JsonValue& value, std::vector<std::string>& texts) {
  const bool word = value.type == JsonValue::Type::null || value.type == JsonValue::Type::boolean;
  if (!word && !value.text.empty() && value.text != secret_mask) texts.push_back(value.text);
  for (const JsonValue& item : value.items) collect_texts(item, texts);
  for (const JsonMember& member : value.members) {
    if (!member.key.empty()) texts.push_back(member.key);
    collect_texts(member.value, texts);
  }
}

/// The secrets by the numbers of their places.
std::map<std::size_t, JsonValue> numbered(JsonValue& connector, const std::vector<Hidden>& hidden) {
  std::map<std::size_t, JsonValue> secrets;
  std::size_t first = 0;
  const auto visit = [&](std::size_t number, const JsonValue& value) {
    const std::size_t next = secrets.size();
    if (next < hidden.size() && hidden[next].place == &value) secrets.emplace(number, hidden[next].secret);
    return true;
  };
  for_each_value(connector, first, visit);
  return secrets;
}

/// Secrets in the wrong place, around the connector object of the wrapped form.
void collect_secrets_beside(const JsonValue& root, const JsonValue& connector, const Registry& registry,
                            std::vector<std::string>& texts) {
  JsonValue others = composed(JsonValue::Type::object);
  for (const JsonMember& member : root.members) {
    if (&member.value != &connector && lower_ascii(member.key) != "interval") others.members.push_back(member);
  }
  Masker masker(registry);
  masker.mask_connector(others);
  for (const Hidden& hidden : masker.hidden()) collect_texts(hidden.secret, texts);
}

Error misfit() {
  return Error(ErrorNumber::invalid_parameters, "the stored secrets don't belong to the stored request", {},
               "Give the request again.");
}

}  // namespace

MaskedConnector mask_connector(std::string_view json, const Registry& registry) {
  JsonValue root = parse_object(json);
  JsonValue* connector = connector_object(root);
  MaskedConnector masked;
  if (connector != &root) collect_secrets_beside(root, *connector, registry, masked.secret_texts);
  Masker masker(registry);
  masker.mask_connector(*connector);
  masked.text = json_text(*connector);
  if (masker.hidden().empty()) return masked;
  masked.secrets = secrets_text(numbered(*connector, masker.hidden()));
  for (const Hidden& hidden : masker.hidden()) collect_texts(hidden.secret, masked.secret_texts);
  return masked;
}

bool may_hold_a_secret(std::string_view server_name) noexcept {
  return server_name.find_first_of("=@") != std::string_view::npos || server_name.find("://") != std::string_view::npos;
}

std::string secrets_text(const std::map<std::size_t, JsonValue>& secrets) {
  JsonValue list = composed(JsonValue::Type::array);
  for (const auto& [number, secret] : secrets) {
    JsonValue entry = composed(JsonValue::Type::array);
    entry.items.push_back(number_value(number));
    entry.items.push_back(secret);
    list.items.push_back(std::move(entry));
  }
  std::string text = json_text(list);
  if (text.size() <= max_secret_bytes) return text;
  throw Error(ErrorNumber::invalid_parameters, "the secrets of the request are too long",
              "They have " + std::to_string(text.size()) + " bytes; at most " + std::to_string(max_secret_bytes) +
                  " are allowed.",
              "Secrets are the passwords, and settings of the remote session that are not known to be harmless.");
}

std::string whole_connector(const StoredRequest& stored) {
  if (!stored.secrets) return stored.masked;
  // A mask may be longer than the secret.
  JsonValue connector = parse_json(stored.masked, 2 * max_json_bytes);
  JsonValue secrets = parse_json(*stored.secrets);
  std::size_t next = 0;
  std::size_t first = 0;
  const auto visit = [&](std::size_t number, JsonValue& value) {
    if (next == secrets.items.size()) return true;
    JsonValue& entry = secrets.items[next];
    if (entry.items.size() != 2) throw misfit();
    if (entry.items[0].text != std::to_string(number)) return true;
    if (value.type != JsonValue::Type::string || value.text != secret_mask) throw misfit();
    value = std::move(entry.items[1]);
    ++next;
    return false;
  };
  for_each_value(connector, first, visit);
  if (next < secrets.items.size()) throw misfit();
  return json_text(connector);
}

}  // namespace connector::core
