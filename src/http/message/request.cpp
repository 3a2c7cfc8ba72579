#include "http/message/request.hpp"

#include <algorithm>

namespace connector::http {

std::string_view method_name(Method method) noexcept {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::remove:
      return "DELETE";
  }
  return {};
}

std::optional<std::string> parameter(const Parameters& parameters, std::string_view name) {
  const auto found =
      std::find_if(parameters.begin(), parameters.end(), [name](const auto& pair) { return pair.first == name; });
  return found == parameters.end() ? std::nullopt : std::optional(found->second);
}

const core::JsonValue* member(const core::JsonValue& object, std::string_view key) noexcept {
  const auto found = std::find_if(object.members.begin(), object.members.end(),
                                  [key](const core::JsonMember& member) { return member.key == key; });
  return found == object.members.end() ? nullptr : &found->value;
}

}  // namespace connector::http
