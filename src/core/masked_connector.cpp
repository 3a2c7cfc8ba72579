#include <algorithm>
#include <array>

#include "core/connection_options.hpp"
#include "core/connector_spec.hpp"
#include "core/error.hpp"
#include "core/json.hpp"
#include "core/registry.hpp"
#include "core/utf8.hpp"

namespace connector::core {

namespace {

constexpr std::string_view mask = "********";

/// What may be shown of a request: the keys that are described and no secrets. Anything else might be a password
/// under a misspelt key, or in the wrong place.
class Masker {
 public:
  /// `secrets`, if not null, gets the texts that are masked.
  Masker(const Registry& registry, std::vector<std::string>* secrets) : registry_(registry), secrets_(secrets) {}

  /// Masks the secrets of the connector object `object` in place.
  void mask_connector(JsonValue& object) {
    find_providers(object);
    for (JsonMember& member : object.members) {
      const std::string key = lower_ascii(member.key);
      if (key == "connection" && member.value.type == JsonValue::Type::object) {
        for (JsonMember& option : member.value.members) mask_option(option);
      } else if (!shown(key) || (key == "connection" && member.value.type != JsonValue::Type::string)) {
        hide(member.value);
      }
    }
  }

 private:
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
    bool is_object = false;
    bool found = false;
    bool secret = false;
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
      if (names_a_secret(lower_ascii(setting.key))) hide(setting.value);
    }
  }

  /// Settings of a remote session are not described; some hold passwords of key stores and the like.
  static bool names_a_secret(std::string_view key) {
    constexpr std::array<std::string_view, 6> words = {"password", "passwd", "pwd", "secret", "token", "credential"};
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return key.find(word) != std::string_view::npos; });
  }

  void collect(const JsonValue& value) {
    if (!value.text.empty()) secrets_->push_back(value.text);
    for (const JsonValue& item : value.items) collect(item);
    for (const JsonMember& member : value.members) collect(member.value);
  }

  void hide(JsonValue& value) {
    if (secrets_ != nullptr && value.type != JsonValue::Type::null && value.type != JsonValue::Type::boolean) {
      collect(value);
    }
    value = JsonValue();
    value.type = JsonValue::Type::string;
    value.text = mask;
  }

  const Registry& registry_;
  std::vector<std::string>* secrets_;
  std::vector<const ProviderInfo*> infos_;
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

std::string doubled(std::string_view text, char character) {
  std::string result;
  for (const char c : text) {
    result += c;
    if (c == character) result += c;
  }
  return result;
}

/// Calls `found` with each string literal of JSON text, without its quotes, escapes as written.
template <typename Function>
void for_each_literal(std::string_view json, Function found) {
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (json[i] != '"') continue;
    const std::size_t start = ++i;
    while (i < json.size() && json[i] != '"') i += json[i] == '\\' ? 2 : 1;
    if (i >= json.size()) return;
    found(json.substr(start, i - start));
  }
}

}  // namespace

std::string masked_connector(std::string_view json, const Registry& registry) {
  JsonValue root = parse_object(json);
  JsonValue* connector = connector_object(root);
  Masker(registry, nullptr).mask_connector(*connector);
  return json_text(*connector);
}

std::string bare_connector(std::string_view json) {
  JsonValue root = parse_object(json);
  return json_text(*connector_object(root));
}

std::vector<std::string> secret_texts(std::string_view json, const Registry& registry) {
  std::vector<std::string> secrets;
  try {
    JsonValue root = parse_object(json);
    JsonValue* connector = connector_object(root);
    Masker masker(registry, &secrets);
    masker.mask_connector(*connector);
    // A password may have been put beside the connector object as well.
    if (connector != &root) {
      for (JsonMember& member : root.members) {
        if (&member.value == connector || lower_ascii(member.key) == "interval") member.value = JsonValue();
      }
      Masker(registry, &secrets).mask_connector(root);
    }
  } catch (const Error&) {
    return {};
  }
  // As JSON spells them: in the shortest way, and in the way that this text does.
  std::vector<std::string> spellings;
  for (const std::string& secret : secrets) {
    JsonValue value;
    value.type = JsonValue::Type::string;
    value.text = secret;
    const std::string literal = json_text(value);
    spellings.push_back(secret);
    spellings.push_back(literal.substr(1, literal.size() - 2));
  }
  for_each_literal(json, [&](std::string_view literal) {
    if (literal.find('\\') == std::string_view::npos) return;
    const JsonValue value = parse_json('"' + std::string(literal) + '"');
    if (std::find(secrets.begin(), secrets.end(), value.text) != secrets.end()) spellings.emplace_back(literal);
  });
  // As an SQL literal spells those: quotes doubled, in an escape string backslashes too.
  for (std::size_t i = 0, count = spellings.size(); i < count; ++i) {
    spellings.push_back(doubled(spellings[i], '\''));
    spellings.push_back(doubled(doubled(spellings[i], '\''), '\\'));
  }
  // Longest first, for a caller that replaces them one after the other: a secret may be part of another.
  std::sort(spellings.begin(), spellings.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  spellings.erase(std::unique(spellings.begin(), spellings.end()), spellings.end());
  return spellings;
}

}  // namespace connector::core
