#include "http/routes/connector_request.hpp"

#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"
#include "http/message/reply.hpp"
#include "http/routes/request_body.hpp"

namespace connector::http {

namespace {

// Keys of connectors are known in any case, as SQL knows them.

bool is_key(const core::JsonMember& member, std::string_view name) {
  return core::lower_ascii(member.key) == name;
}

/// Adds the provider of the path, or checks that it is the one that is given.
void set_provider(core::JsonValue& connector, std::string_view provider) {
  if (connector.type != core::JsonValue::Type::object) return;  // SQL says so
  bool named = false;
  for (const core::JsonMember& member : connector.members) {
    if (!is_key(member, "provider") || member.value.type == core::JsonValue::Type::null) continue;
    if (member.value.type != core::JsonValue::Type::string || member.value.text != provider) {
      throw Refusal{error_reply(422, "the provider of the connector is not " + core::quoted(provider))};
    }
    named = true;
  }
  if (named) return;
  std::erase_if(connector.members, [](const core::JsonMember& member) { return is_key(member, "provider"); });
  add_member(connector, "provider", text_value(std::string(provider)));
}

}  // namespace

std::string connector_of_body(const Request& request, std::string_view provider) {
  core::JsonValue body = body_without_key(request);
  bool wrapped = false;
  for (core::JsonMember& member : body.members) {
    if (!is_key(member, "connector")) continue;
    wrapped = true;
    set_provider(member.value, provider);
  }
  if (!wrapped) set_provider(body, provider);
  return core::json_text(body);
}

std::string connector_of_query(const Request& request, std::string_view provider, const std::string& info) {
  const Json parameters = Json::parse(info).at("parameters");
  const Json& of_connection = parameters.at("connection");
  core::JsonValue connector;
  connector.type = core::JsonValue::Type::object;
  core::JsonValue connection;
  connection.type = core::JsonValue::Type::object;
  bool has_server = false;
  for (const auto& [name, value] : request.query) {
    if (name == "api_key" || name == "client" || name == "limit") continue;
    const std::string key = core::lower_ascii(name);
    const bool is_of_request = !of_connection.contains(key) && parameters.contains(key);
    has_server = has_server || (is_of_request && key == "connection");
    add_member(is_of_request ? connector : connection, name, text_value(value));
  }
  // Where `connection` names a foreign server, other keys are as wrong as they are in SQL: the key is there twice.
  if (!has_server || !connection.members.empty()) add_member(connector, "connection", std::move(connection));
  set_provider(connector, provider);
  return core::json_text(connector);
}

}  // namespace connector::http
