#include "api/request_schema.hpp"

#include <span>
#include <string>
#include <utility>

#include "core/request/common_parameters.hpp"

namespace connector::api {

namespace {

using core::ParameterForm;
using core::ParameterInfo;

Json any_of(std::initializer_list<Json> schemas) {
  Json schema;
  schema["anyOf"] = Json::array();
  for (const Json& one : schemas) schema["anyOf"].push_back(one);
  return schema;
}

Json text() {
  return {{"type", "string"}};
}

Json names() {
  return {{"type", "array"}, {"items", text()}, {"minItems", 1}};
}

/// An object that has these members, and no others unless `open`.
Json object_of(std::span<const ParameterInfo> parameters, bool open = false);

/// What the value must be, without description and default.
Json value_schema(const ParameterInfo& parameter) {
  switch (parameter.form) {
    case ParameterForm::connection:
      return text();  // and an object, of which the provider knows more
    case ParameterForm::columns:
      return any_of({names(), {{"type", "object"}, {"additionalProperties", {{"type", {"string", "null"}}}}}, text()});
    case ParameterForm::names:
      return any_of({text(), names()});
    case ParameterForm::parts:
      return {{"type", "array"}, {"items", {{"enum", parameter.allowed_values}}}};
    case ParameterForm::sync:
      return object_of(core::sync_parameters());
    case ParameterForm::distribute:
      return any_of({object_of(core::distribute_parameters()), {{"const", "reference"}}});
    case ParameterForm::boolean:
      return {{"type", "boolean"}};
    case ParameterForm::usual:
      break;
  }
  if (parameter.object)
    return {{"type", "object"}, {"additionalProperties", {{"type", {"string", "number", "boolean"}}}}};
  if (core::is_boolean(parameter)) return any_of({{{"type", "boolean"}}, {{"enum", parameter.allowed_values}}});
  if (parameter.integer)
    return any_of({{{"type", "integer"}, {"minimum", 0}}, {{"type", "string"}, {"pattern", "^[0-9]*$"}}});
  if (!parameter.allowed_values.empty()) return {{"enum", parameter.allowed_values}};
  return text();
}

/// With null, which counts as absent, unless the key is required.
Json described(const ParameterInfo& parameter, Json schema) {
  if (!parameter.required) schema = any_of({std::move(schema), {{"type", "null"}}});
  schema["description"] = parameter.description;
  if (!parameter.default_value.empty()) schema["default"] = parameter.default_value;
  if (parameter.secret) schema["format"] = "password";
  return schema;
}

Json object_of(std::span<const ParameterInfo> parameters, bool open) {
  Json schema = {{"type", "object"}, {"properties", Json::object()}};
  Json required = Json::array();
  for (const ParameterInfo& parameter : parameters) {
    schema["properties"][std::string(parameter.name)] = described(parameter, value_schema(parameter));
    if (parameter.required) required.push_back(parameter.name);
  }
  if (!required.empty()) schema["required"] = std::move(required);
  schema["additionalProperties"] = open;
  return schema;
}

Json connection_schema(const core::ProviderInfo& provider) {
  Json object = object_of(provider.connection_parameters, provider.other_connection_keys);
  if (!provider.connection_one_of.empty()) {
    for (const std::string_view key : provider.connection_one_of) {
      object["anyOf"].push_back({{"required", Json::array({key})}});
    }
  }
  return any_of({std::move(object), text()});
}

/// The bare request.
Json connector_schema(const core::ProviderInfo& provider) {
  Json schema = object_of(core::common_parameters());
  Json& properties = schema["properties"];
  for (const ParameterInfo& parameter : provider.parameters) {
    properties[std::string(parameter.name)] = described(parameter, value_schema(parameter));
  }
  properties["provider"]["const"] = provider.id;
  Json& connection = properties["connection"];
  const Json description = connection["description"];
  connection = connection_schema(provider);
  connection["description"] = description;
  // A named server may know its provider.
  schema["required"] = Json::array({"connection"});
  return schema;
}

}  // namespace

Json json_types(const ParameterInfo& parameter) {
  switch (parameter.form) {
    case ParameterForm::connection:
      return Json::array({"object", "string"});
    case ParameterForm::columns:
      return Json::array({"array", "object", "string"});
    case ParameterForm::names:
      return Json::array({"string", "array"});
    case ParameterForm::parts:
      return "array";
    case ParameterForm::sync:
      return "object";
    case ParameterForm::distribute:
      return Json::array({"object", "string"});
    case ParameterForm::boolean:
      return "boolean";
    case ParameterForm::usual:
      break;
  }
  if (parameter.object) return "object";
  if (core::is_boolean(parameter)) return "boolean";
  return parameter.integer ? "integer" : "string";
}

Json request_schema(const core::ProviderInfo& provider) {
  Json schema;
  schema["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  schema["title"] = "Request for provider " + std::string(provider.id);
  schema["description"] =
      "The first argument of cdb_import_connector(), cdb_sync_connector() and others. Keys are in lower case here, and "
      "taken in any case.";
  Json wrapped = {{"type", "object"}, {"properties", Json::object()}};
  wrapped["properties"]["connector"] = {{"$ref", "#/$defs/connector"}};
  wrapped["properties"]["interval"] = {
      {"type", {"string", "integer", "null"}},
      {"description", "Time between two runs of a sync: seconds, or an interval's text."}};
  wrapped["required"] = Json::array({"connector"});
  wrapped["additionalProperties"] = false;
  schema["oneOf"] = Json::array({{{"$ref", "#/$defs/connector"}}, std::move(wrapped)});
  schema["$defs"]["connector"] = connector_schema(provider);
  return schema;
}

}  // namespace connector::api
