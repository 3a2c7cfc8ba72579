// What bodies of requests have in common.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "http/message/request.hpp"

namespace connector::http {

/// The body without the members that only say who asks (`api_key`, `client`).
core::JsonValue body_without_key(const Request& request);

/// Throws Refusal (400) if a member is given twice, or is in neither list.
void check_members(const core::JsonValue& body, std::span<const std::string_view> used,
                   std::span<const std::string_view> ignored);

/// The member of that name, if it is there and not null.
const core::JsonValue* given(const core::JsonValue& body, std::string_view name) noexcept;

/// The same, or else what the address has as a parameter of that name, as a text.
std::optional<core::JsonValue> given(const core::JsonValue& body, const Parameters& query, std::string_view name);

/// Adds a member at the end.
void add_member(core::JsonValue& object, std::string_view name, core::JsonValue value);

core::JsonValue text_value(std::string text);

/// The connector of the body, with the `collision_strategy` that stands beside it or in the address; nothing if there
/// is none. If the connector has one itself, it is there twice then, and SQL says so.
std::optional<core::JsonValue> given_connector(const core::JsonValue& body, const Parameters& query);

/// The same; throws Refusal (400) with that hint if there is none.
core::JsonValue required_connector(const core::JsonValue& body, const Parameters& query, const std::string& hint);

/// `{"connector": …}` as text, of values as they were given: numbers are not read and written anew.
std::string wrapped_connector(core::JsonValue connector);

}  // namespace connector::http
