#include "http/routes/openapi.hpp"

#include <array>
#include <cstdint>
#include <cstdio>
#include <map>

#include "core/base/utf8.hpp"
#include "http/message/entity_tag.hpp"
#include "http/routes/schemas.hpp"
#include "http/routes/services.hpp"

namespace connector::http {

namespace {

constexpr const char* description =
    "Imports and syncs of remote databases. Every call is made as the role of PostgreSQL whose key the request has: "
    "its "
    "password, or a key that was issued for it. The role is named by /user/{user} or /u/{user} before the path, by "
    "HTTP Basic, by the first label of the host if the program was started so, or by an issued key. Bodies are JSON "
    "objects; one slash at the end of a path is allowed; GET also answers HEAD. What the database says beside an "
    "answer "
    "(NOTICE, WARNING) is the member notices of objects, a list of texts, and else headers Connector-Notice.";

struct CommonAnswer {
  unsigned status;
  std::string_view description;
  bool has_body;
  bool to_everybody;  ///< also where no key is needed
};

/// What the server itself answers, whatever the route. 405 is there for tools that call paths by other methods.
constexpr CommonAnswer common_answers[] = {{400, "The request can't be read, or what it asks for is wrong", true, true},
                                           {401, "No key, a wrong one, or a role that may not log in", false, false},
                                           {403, "The role lacks a privilege", true, false},
                                           {404, "There is no such thing, or it is another role's", false, false},
                                           {405, "The path does not have this method", true, true},
                                           {408, "The request did not come in time", true, true},
                                           {413, "The body is too long", true, true},
                                           {415, "The content has a coding", true, true},
                                           {429, "Too many at once, or too many failed log-ins", true, false},
                                           {431, "The headers are too long", true, true},
                                           {500, "The program or the database failed at this request", true, true},
                                           {503, "The database is not available, or the program is full", true, true},
                                           {504, "The database or the remote did not answer in time", true, false}};

Json reference(std::string_view schema) {
  return {{"$ref", "#/components/schemas/" + std::string(schema)}};
}

Json content(std::string_view media_type, Json schema) {
  return {{std::string(media_type), {{"schema", std::move(schema)}}}};
}

Json answer_of(const AnswerText& text) {
  Json answer = {{"description", text.description}};
  if (!text.schema.empty()) {
    answer["content"] = content(text.media_type, reference(text.schema));
  } else if (text.media_type != "application/json") {
    answer["content"] = content(text.media_type, {{"type", "string"}});
  }
  return answer;
}

Json answers_of(const Route& route) {
  std::map<unsigned, Json> by_status;
  for (const CommonAnswer& common : common_answers) {
    if (route.for_everybody && !common.to_everybody) continue;
    by_status[common.status] =
        answer_of({common.status, common.description, common.has_body ? std::string_view("Error") : ""});
  }
  for (const AnswerText& text : route.answers) by_status[text.status] = answer_of(text);
  Json answers = Json::object();
  for (auto& [status, answer] : by_status) answers[std::to_string(status)] = std::move(answer);
  return answers;
}

/// The names in {…}, in their order.
std::vector<std::string> names_of_path(std::string_view path) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; (begin = path.find('{', begin)) != std::string_view::npos;) {
    const std::size_t end = path.find('}', begin);
    names.emplace_back(path.substr(begin + 1, end - begin - 1));
    begin = end;
  }
  return names;
}

Json parameters_of(const Route& route) {
  Json parameters = Json::array();
  for (const std::string& name : names_of_path(route.path)) {
    Json schema = {{"type", "string"}};
    if (name == "id") schema["format"] = "uuid";
    parameters.push_back({{"name", name}, {"in", "path"}, {"required", true}, {"schema", std::move(schema)}});
  }
  for (const ParameterText& text : route.query) {
    parameters.push_back({{"name", text.name},
                          {"in", "query"},
                          {"description", text.description},
                          {"required", text.required},
                          {"schema", {{"type", text.type}}}});
  }
  return parameters;
}

Json operation_of(const Route& route) {
  Json operation = {{"operationId", route.operation}, {"summary", route.summary}};
  if (Json parameters = parameters_of(route); !parameters.empty()) operation["parameters"] = std::move(parameters);
  if (!route.body_schema.empty()) {
    operation["requestBody"] = {{"required", route.body_required},
                                {"content", content("application/json", reference(route.body_schema))}};
  }
  operation["responses"] = answers_of(route);
  if (route.for_everybody) operation["security"] = Json::array();
  return operation;
}

Json security_schemes() {
  return {{"api_key",
           {{"type", "apiKey"},
            {"in", "query"},
            {"name", "api_key"},
            {"description", "The key; the member api_key of a body does as well."}}},
          {"basic", {{"type", "http"}, {"scheme", "basic"}, {"description", "The role and its key."}}},
          {"bearer", {{"type", "http"}, {"scheme", "bearer"}, {"description", "The key."}}},
          {"session_cookie",
           {{"type", "apiKey"},
            {"in", "cookie"},
            {"name", "connector_session"},
            {"description", "Of the page, together with its token; by TLS the name begins with __Host-."}}},
          {"session_token", {{"type", "apiKey"}, {"in", "header"}, {"name", "X-Connector-Token"}}}};
}

Json servers() {
  const Json user = {{"user", {{"default", "alice"}, {"description", "The role that asks"}}}};
  Json list = Json::array();
  list.push_back({{"url", "/"}, {"description", "The role is named by Basic, the host or an issued key"}});
  list.push_back({{"url", "/user/{user}"}, {"description", "The role is named by the path"}, {"variables", user}});
  list.push_back({{"url", "/u/{user}"}, {"description", "The same, shorter"}, {"variables", user}});
  return list;
}

/// FNV-1a, 64 bits: tells one document from the next, no more.
std::string tag_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037U;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  std::array<char, 19> tag{};
  std::snprintf(tag.data(), tag.size(), "\"%016llx\"", static_cast<unsigned long long>(hash));
  return {tag.data(), tag.size() - 1};
}

struct Document {
  std::string text;
  std::string tag;
};

/// Made once: the routes are the same as long as the program runs.
const Document& document(const std::vector<Route>& routes) {
  static const Document made = [&] {
    Document document{.text = openapi_document(routes).dump(2) + '\n', .tag = {}};
    document.tag = tag_of(document.text);
    return document;
  }();
  return made;
}

Task<Reply> show(Call& call) {
  const Document& shown = document(call.services.routes);
  Reply reply;
  // It is the same until the program is another one: a client may keep it, and asks whether it is still true.
  reply.headers = {{"ETag", shown.tag}, {"Cache-Control", "no-cache"}};
  if (call.request.if_none_match && names_tag(*call.request.if_none_match, shown.tag)) {
    reply.status = 304;
  } else {
    reply.body = shown.text;
  }
  co_return reply;
}

}  // namespace

Json openapi_document(const std::vector<Route>& routes) {
  Json paths = Json::object();
  for (const Route& route : routes) {
    if (!route.is_api) continue;
    paths[std::string(route.path)][core::lower_ascii(method_name(route.method))] = operation_of(route);
  }
  Json named = Json::object();
  for (const NamedSchema& schema : schemas()) named[std::string(schema.name)] = Json::parse(schema.text);
  Json security = Json::array();
  for (const char* scheme : {"api_key", "basic", "bearer"}) security.push_back({{scheme, Json::array()}});
  security.push_back({{"session_cookie", Json::array()}, {"session_token", Json::array()}});
  return {{"openapi", "3.1.0"},
          {"info", {{"title", "Import API"}, {"version", "1"}, {"description", description}}},
          {"servers", servers()},
          {"security", std::move(security)},
          {"paths", std::move(paths)},
          {"components", {{"schemas", std::move(named)}, {"securitySchemes", security_schemes()}}}};
}

std::vector<Route> openapi_routes() {
  return {{.method = Method::get,
           .path = "/openapi.json",
           .operation = "openapi",
           .summary = "This document",
           .handler = show,
           .for_everybody = true,
           .answers = {{200, "The document, by OpenAPI 3.1", "OpenApi"}, {304, "If-None-Match has its ETag"}}}};
}

}  // namespace connector::http
