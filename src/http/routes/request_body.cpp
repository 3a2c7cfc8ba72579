#include "http/routes/request_body.hpp"

#include <algorithm>
#include <set>

#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"
#include "http/message/reply.hpp"

namespace connector::http {

namespace {

constexpr std::size_t longest_shown_name = 63;

bool contains(std::span<const std::string_view> names, std::string_view name) noexcept {
  return std::find(names.begin(), names.end(), name) != names.end();
}

[[noreturn]] void refuse(const std::string& message, const std::string& hint) {
  Json body;
  body["errors"] = message;
  body["hint"] = hint;
  throw Refusal{json_reply(body, 400)};
}

}  // namespace

core::JsonValue body_without_key(const Request& request) {
  core::JsonValue body = request.body;
  std::erase_if(body.members,
                [](const core::JsonMember& member) { return member.key == "api_key" || member.key == "client"; });
  return body;
}

void check_members(const core::JsonValue& body, std::span<const std::string_view> used,
                   std::span<const std::string_view> ignored) {
  std::set<std::string_view> seen;
  for (const core::JsonMember& member : body.members) {
    const std::string name = core::quoted(member.key, longest_shown_name);
    if (!contains(used, member.key) && !contains(ignored, member.key)) {
      std::string names;
      for (const std::string_view one : used) core::add_item(names, core::quoted(one));
      refuse("the body has an unknown member " + name, "Members that count here are: " + names + ".");
    }
    if (!seen.insert(member.key).second) {
      refuse("the body has the member " + name + " twice", "Only one of them can be meant: leave the other out.");
    }
  }
}

const core::JsonValue* given(const core::JsonValue& body, std::string_view name) noexcept {
  const core::JsonValue* value = member(body, name);
  return value == nullptr || value->type == core::JsonValue::Type::null ? nullptr : value;
}

std::optional<core::JsonValue> given(const core::JsonValue& body, const Parameters& query, std::string_view name) {
  if (const core::JsonValue* value = given(body, name)) return *value;
  std::optional<std::string> text = parameter(query, name);
  if (!text || text->empty()) return std::nullopt;
  return text_value(std::move(*text));
}

void add_member(core::JsonValue& object, std::string_view name, core::JsonValue value) {
  object.members.push_back({std::string(name), std::move(value)});
}

core::JsonValue text_value(std::string text) {
  core::JsonValue value;
  value.type = core::JsonValue::Type::string;
  value.text = std::move(text);
  return value;
}

std::optional<core::JsonValue> given_connector(const core::JsonValue& body, const Parameters& query) {
  const core::JsonValue* connector = given(body, "connector");
  if (connector == nullptr) return std::nullopt;
  core::JsonValue whole = *connector;
  const std::optional<core::JsonValue> strategy = given(body, query, "collision_strategy");
  if (strategy && whole.type == core::JsonValue::Type::object) add_member(whole, "collision_strategy", *strategy);
  return whole;
}

core::JsonValue required_connector(const core::JsonValue& body, const Parameters& query, const std::string& hint) {
  std::optional<core::JsonValue> connector = given_connector(body, query);
  if (!connector) refuse("missing key \"connector\"", hint);
  return std::move(*connector);
}

std::string wrapped_connector(core::JsonValue connector) {
  core::JsonValue wrapper;
  wrapper.type = core::JsonValue::Type::object;
  add_member(wrapper, "connector", std::move(connector));
  return core::json_text(wrapper);
}

}  // namespace connector::http
