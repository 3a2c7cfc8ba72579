#include "core/request/connection_reader.hpp"

#include <algorithm>
#include <limits>

#include "core/base/encoding.hpp"
#include "core/base/error.hpp"
#include "core/remote/registry.hpp"
#include "core/remote/secret_mask.hpp"
#include "core/base/utf8.hpp"
#include "core/request/common_parameters.hpp"
#include "core/request/synonyms.hpp"

namespace connector::core {

namespace {

constexpr std::string_view prefix = "connection.";
constexpr std::int64_t max_port = 65535;
constexpr std::int64_t max_integer = std::numeric_limits<std::int32_t>::max();

std::vector<std::string_view> names_of(std::span<const ParameterInfo> parameters) {
  std::vector<std::string_view> names;
  for (const ParameterInfo& parameter : parameters) names.push_back(parameter.name);
  return names;
}

/// Reports what is missing or has no valid value. Keys that something was found wrong with before are passed over.
void check_options(const ProviderInfo& info, const ConnectionOptions& options, std::string_view path,
                   Problems& problems, LoginKeys login_keys = LoginKeys::required) {
  for (const ParameterInfo& parameter : info.connection_parameters) {
    const std::string key = std::string(path) + std::string(parameter.name);
    if (parameter.object || problems.has(key)) continue;
    const bool required =
        parameter.required && (login_keys == LoginKeys::required || !is_login_key(info, parameter.name));
    const auto found = options.find(parameter.name);
    if (found == options.end()) {
      if (required) problems.add(key, "Missing key \"" + key + "\".");
    } else if (is_blank(found->second)) {
      if (required) problems.add(key, "Key \"" + key + "\" must not be blank.");
    } else {
      check_parameter_value(parameter, key, found->second, problems);
    }
  }
  const auto given = [&](std::string_view name) {
    const auto found = options.find(name);
    return problems.has(std::string(path) + std::string(name)) || (found != options.end() && !is_blank(found->second));
  };
  const auto one_of = info.connection_one_of;
  if (!one_of.empty() && std::none_of(one_of.begin(), one_of.end(), given)) {
    problems.add(std::string(path) + std::string(one_of.front()),
                 "One of the keys " + alternatives(one_of) + " must be given.");
  }
}

void read_session(std::string_view name, const JsonValue& value, const ObjectReader& reader, ConnectorSpec& spec,
                  Problems& problems) {
  if (value.type != JsonValue::Type::object) {
    reader.wrong_type(name, value, "an object");
    return;
  }
  if (reader.report_nul(name, value)) return;
  for (const JsonMember& member : value.members) {
    const auto type = member.value.type;
    if (member.key.empty() || type == JsonValue::Type::null || type == JsonValue::Type::array ||
        type == JsonValue::Type::object) {
      problems.add(reader.path(name), "Key " + core::quoted(reader.path(name) + '.' + member.key) +
                                          " must be a string, a number or a boolean.");
    } else if (!spec.session.emplace(member.key, member.value.text).second) {
      problems.add(reader.path(name), "Duplicate key " + core::quoted(reader.path(name) + '.' + member.key) + '.');
    }
  }
}

/// The text of a value, if it has a type that the parameter can have.
std::optional<std::string> option_text(const ParameterInfo* parameter, std::string_view name, const JsonValue& value,
                                       const ObjectReader& reader) {
  const bool is_integer = parameter != nullptr && parameter->integer;
  const auto allowed = parameter != nullptr ? parameter->allowed_values : std::span<const std::string_view>();
  switch (value.type) {
    case JsonValue::Type::string:
      return value.text;
    case JsonValue::Type::integer:
      if (is_integer || parameter == nullptr) return value.text;
      break;
    case JsonValue::Type::boolean:
      // A switch may be given as JSON spells it.
      if (parameter == nullptr || std::find(allowed.begin(), allowed.end(), value.text) != allowed.end()) {
        return value.text;
      }
      break;
    default:
      break;
  }
  reader.wrong_type(name, value, is_integer ? "an integer" : "a string");
  return std::nullopt;
}

std::vector<std::string_view> available_ids(const Registry& registry) {
  std::vector<std::string_view> ids;
  for (const KnownProvider& known : registry.all()) {
    if (known.provider != nullptr) ids.push_back(known.id);
  }
  return ids;
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// `host:port` or `[address]:port`; an address of version 6 without brackets has no port.
bool has_port(std::string_view server) {
  const auto colon = server.rfind(':');
  if (colon == std::string_view::npos || !is_digits(server.substr(colon + 1))) return false;
  const std::string_view host = server.substr(0, colon);
  return host.ends_with(']') || host.find(':') == std::string_view::npos;
}

/// The text is not shown: a URL may hold a password.
void check_server(const ParameterInfo& parameter, const std::string& path, std::string_view text, Problems& problems) {
  std::string what;
  if (text.find("://") != std::string_view::npos) {
    what = ", not a URL.";
  } else if (!parameter.with_port && has_port(text)) {
    what = "; the port goes into \"port\".";
  }
  if (!what.empty()) problems.add(path, "Key \"" + path + "\" must be a host name or an address" + what);
}

}  // namespace

const ParameterInfo* find_parameter(std::span<const ParameterInfo> parameters, std::string_view name) noexcept {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [&](const ParameterInfo& parameter) { return parameter.name == name; });
  return found == parameters.end() ? nullptr : &*found;
}

void check_parameter_value(const ParameterInfo& parameter, const std::string& path, std::string_view text,
                           Problems& problems) {
  if (parameter.name == "server") check_server(parameter, path, text, problems);
  if (parameter.name == "encoding" && !canonical_encoding(text)) {
    problems.add(path,
                 "Key \"" + path + "\" must be the name of an encoding of PostgreSQL, not " + core::quoted(text) + '.');
  }
  if (parameter.integer) {
    const std::int64_t least = parameter.name == "port" ? 1 : 0;
    const std::int64_t most = parameter.name == "port" ? max_port : max_integer;
    const auto number = whole_number(text);
    if (!number || *number < least || *number > most) {
      problems.add(path, "Key \"" + path + "\" must be " + integer_range(least, most) + '.');
    }
  }
  const auto allowed = parameter.allowed_values;
  if (!allowed.empty() && std::find(allowed.begin(), allowed.end(), text) == allowed.end()) {
    problems.add(path, "Key \"" + path + "\" must be " + alternatives(allowed) + '.');
  }
}

bool is_login_key(const ProviderInfo& info, std::string_view name) noexcept {
  return name == "username" || is_secret_option(info, name);
}

void read_connection(const JsonValue& connection, const ProviderInfo& info, ConnectorSpec& spec, Problems& problems,
                     LoginKeys login_keys) {
  const ObjectReader reader(connection, std::string(prefix), problems);
  for (const JsonMember& member : connection.members) {
    const std::string name = lower_ascii(member.key);
    const ParameterInfo* parameter = find_parameter(info.connection_parameters, name);
    if (parameter == nullptr && (!info.other_connection_keys || is_blank(name))) continue;  // reported below
    const JsonValue& value = member.value;
    if (value.type == JsonValue::Type::null) continue;
    if (parameter != nullptr && parameter->object) {
      read_session(name, value, reader, spec, problems);
      continue;
    }
    auto text = option_text(parameter, name, value, reader);
    if (!text) continue;
    // A blank text is no value, and leaves a default in force; but a password may be empty, and required keys are
    // told to be blank, not to be missing.
    const bool keeps_blank = parameter != nullptr && (parameter->secret || parameter->required);
    if (is_blank(*text) && !keeps_blank) continue;
    if (parameter != nullptr && parameter->integer) {
      if (const auto number = whole_number(*text)) text = std::to_string(*number);
    }
    spec.connection.insert_or_assign(name, std::move(*text));
  }
  if (!info.other_connection_keys) {
    const auto elsewhere = names_of(common_parameters());
    reader.report_unknown(names_of(info.connection_parameters), elsewhere, "beside \"connection\"");
  }
  check_options(info, spec.connection, prefix, problems, login_keys);
}

std::optional<std::string_view> nearest_provider(std::string_view id, const Registry& registry) {
  const std::string word = lower_ascii(id);
  const auto ours = provider_for(word);
  if (ours && registry.find(*ours) != nullptr) return ours;
  return nearest_name(word, available_ids(registry));
}

const Provider& available_provider(std::string_view id, const Registry& registry) {
  for (const KnownProvider& known : registry.all()) {
    if (known.id != id) continue;
    if (known.provider != nullptr) return *known.provider;
    throw Error(ErrorNumber::connectors_disabled, "provider " + core::quoted(id) + " is not available",
                "This build of the extension was made without it.",
                "cdb_connectors() lists the providers that are available.")
        .with_parameter("provider");
  }
  std::string detail = "Unknown provider " + core::quoted(id);
  if (const auto near = nearest_provider(id, registry)) detail += "; did you mean \"" + std::string(*near) + "\"?";
  if (detail.back() != '?') detail += '.';
  detail += " Known are " + alternatives(available_ids(registry)) + '.';
  throw Error(ErrorNumber::invalid_parameters, "invalid connector parameters: \"provider\"", std::move(detail),
              "cdb_connectors() lists the providers that are available.")
      .with_parameter("provider");
}

const ProviderInfo* read_provider_info(std::string_view id, const Registry& registry, Problems& problems) {
  try {
    return &available_provider(id, registry).info();
  } catch (const Error& error) {
    if (error.number() != ErrorNumber::invalid_parameters) throw;
    // The request may have other faults, to be reported together with this one.
    problems.add("provider", error.detail().substr(0, error.detail().rfind('\n')));
    return nullptr;
  }
}

void check_connection(const ConnectorSpec& spec, const Registry& registry) {
  const ProviderInfo& info = available_provider(spec.provider, registry).info();
  // The options of a foreign server are no JSON: they are named without the path.
  const std::string path(spec.foreign_server ? "" : prefix);
  const std::string subject = spec.foreign_server
                                  ? "invalid options of foreign server " + core::quoted(*spec.foreign_server)
                                  : "invalid connector parameters";
  Problems problems;
  const auto known = names_of(info.connection_parameters);
  for (const auto& [name, text] : spec.connection) {
    if (info.other_connection_keys || find_parameter(info.connection_parameters, name) != nullptr) continue;
    std::string what = "Unknown key " + core::quoted(path + name);
    auto near = key_for(name);
    if (!near || find_parameter(info.connection_parameters, *near) == nullptr) near = nearest_name(name, known);
    if (near) {
      what += "; did you mean \"" + std::string(*near) + "\"?";
    } else {
      what += '.';
    }
    problems.add(path + name, std::move(what));
  }
  check_options(info, spec.connection, path, problems);
  problems.throw_if_any(subject, "cdb_connector_info('" + std::string(info.id) + "') lists the parameters.");
}

}  // namespace connector::core
