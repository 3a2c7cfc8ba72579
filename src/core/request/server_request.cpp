#include "core/request/server_request.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/base/utf8.hpp"
#include "core/remote/registry.hpp"
#include "core/remote/secret_mask.hpp"
#include "core/request/common_parameters.hpp"
#include "core/request/connection_reader.hpp"
#include "core/request/connector_spec.hpp"
#include "core/request/request_reader.hpp"

namespace connector::core {

namespace {

constexpr std::string_view subject = "invalid connector parameters";
constexpr std::string_view own_keys[] = {"provider", "connection"};
constexpr std::string_view object_hint =
    R"(Give an object, as in {"provider": "postgres", "connection": {"server": "db.example.com", "database": "shop"}}.)";

const ProviderInfo* read_provider(const ObjectReader& reader, const Registry& registry,
                                  const std::optional<std::string>& present, ServerRequest& request,
                                  Problems& problems) {
  const auto given = reader.string("provider");
  if (problems.has("provider")) return nullptr;
  if (given && present && *given != *present) {
    problems.add("provider", "Key \"provider\" can't be changed: the foreign server is for " + quoted(*present) + '.');
    problems.advise("Save it under another name.");
  }
  if (!given && !present) {
    problems.add("provider", "Missing key \"provider\".");
    return nullptr;
  }
  request.provider = present ? *present : *given;
  return read_provider_info(request.provider, registry, problems);
}

/// Secrets whose values are null or blank, as their keys are spelt in `connection`.
std::set<std::string> removed_secrets(const JsonValue& connection, const ProviderInfo& info) {
  std::set<std::string> removed;
  for (const JsonMember& member : connection.members) {
    const std::string name = lower_ascii(member.key);
    const bool has_none = member.value.type == JsonValue::Type::null ||
                          (member.value.type == JsonValue::Type::string && is_blank(member.value.text));
    if (has_none && is_secret_option(info, name)) removed.insert(name);
  }
  return removed;
}

/// The settings of a remote session are one option, as JSON. Those that are not known to be harmless are refused:
/// everybody can read the options of a server.
void read_settings(const ConnectorSpec& spec, const ProviderInfo& info, ServerRequest& request, Problems& problems) {
  if (spec.session.empty()) return;
  const auto parameter = std::ranges::find(info.connection_parameters, true, &ParameterInfo::object);
  const std::string key = "connection." + std::string(parameter->name);
  JsonValue object;
  object.type = JsonValue::Type::object;
  for (const auto& [name, text] : spec.session) {
    if (std::ranges::find(parameter->shown_members, lower_ascii(name)) == parameter->shown_members.end()) {
      problems.add(key, "Key " + quoted(key + '.' + name) +
                            " can't be saved: it may be a secret, and everybody can read the options of a server.");
    }
    JsonValue value;
    value.type = JsonValue::Type::string;
    value.text = text;
    object.members.push_back({name, std::move(value)});
  }
  request.connection.insert_or_assign(std::string(parameter->name), json_text(object));
}

void read_server_connection(const JsonValue& connection, const ProviderInfo& info, const PresentServer& present,
                            ServerRequest& request, Problems& problems) {
  ConnectorSpec spec;
  spec.connection = present.fixed;
  read_connection(connection, info, spec, problems, LoginKeys::optional);
  request.connection = spec.connection;
  read_settings(spec, info, request, problems);
  request.removed = removed_secrets(connection, info);
  std::erase_if(request.connection, [](const auto& option) { return is_blank(option.second); });
}

/// Keys of requests stand beside the name of a server, and are told so.
void report_other_keys(const ObjectReader& reader, const ProviderInfo* info, Problems& problems) {
  std::vector<std::string_view> known(std::begin(own_keys), std::end(own_keys));
  std::vector<std::string_view> elsewhere;
  for (const ParameterInfo& parameter : common_parameters()) {
    if (std::ranges::find(own_keys, parameter.name) != std::end(own_keys)) continue;
    known.push_back(parameter.name);
    if (reader.value(parameter.name) == nullptr) continue;
    const std::string name(parameter.name);
    problems.add(name, "Key \"" + name + "\" is for requests: a server is saved with its connection only.");
  }
  if (info != nullptr) {
    for (const ParameterInfo& parameter : info->connection_parameters) elsewhere.push_back(parameter.name);
  }
  reader.report_unknown(known, elsewhere, "in \"connection\"");
}

}  // namespace

ServerRequest read_server_request(std::string_view json, const Registry& registry, const PresentServer& present) {
  const JsonValue root = parse_json(json);
  if (root.type != JsonValue::Type::object) {
    throw Error(ErrorNumber::invalid_parameters, "connector parameters must be a JSON object",
                "The JSON is " + std::string(json_type_name(root.type)) + '.', std::string(object_hint));
  }
  ServerRequest request;
  Problems problems;
  const ObjectReader reader(root, "", problems);
  const ProviderInfo* info = read_provider(reader, registry, present.provider, request, problems);
  const JsonValue* connection = reader.value("connection");
  if (connection == nullptr) {
    problems.add("connection", "Missing key \"connection\".");
  } else if (connection->type != JsonValue::Type::object) {
    reader.wrong_type("connection", *connection, "an object");
  } else if (info != nullptr) {
    read_server_connection(*connection, *info, present, request, problems);
  }
  report_other_keys(reader, info, problems);
  const std::string hint = info != nullptr ? "cdb_connector_info('" + request.provider + "') lists the parameters."
                                           : "cdb_connectors() lists the providers.";
  problems.throw_if_any(subject, hint);
  return request;
}

}  // namespace connector::core
