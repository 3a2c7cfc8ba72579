#include "core/request/request_of_table.hpp"

#include <algorithm>
#include <utility>

#include "core/base/letter_case.hpp"
#include "core/base/utf8.hpp"
#include "core/request/connector_spec.hpp"
#include "core/request/request_reader.hpp"

namespace connector::core {

namespace {

JsonValue text_value(std::string_view text) {
  JsonValue value;
  value.type = JsonValue::Type::string;
  value.text = text;
  return value;
}

JsonMember* find_member(JsonValue& object, std::string_view key) {
  const auto found =
      std::ranges::find_if(object.members, [&](const JsonMember& member) { return lower_ascii(member.key) == key; });
  return found == object.members.end() ? nullptr : &*found;
}

/// In its place, or behind all others: secrets are known by the number of their place.
void set_text(JsonValue& object, std::string_view key, std::string_view text) {
  if (JsonMember* member = find_member(object, key)) {
    member->value = text_value(text);
  } else {
    object.members.push_back({std::string(key), text_value(text)});
  }
}

}  // namespace

RequestOfTable::RequestOfTable(const StoredRequest& many)
    : many_(many), connector_(parse_json(many.masked, 2 * max_json_bytes)) {
  JsonMember* strategy = find_member(connector_, "collision_strategy");
  if (strategy == nullptr || strategy->value.type != JsonValue::Type::string || is_blank(strategy->value.text)) {
    set_text(connector_, "collision_strategy", collision_strategy_words.of(CollisionStrategy::skip));
  }
}

StoredRequest RequestOfTable::with(std::string_view schema, std::string_view table) const {
  JsonValue connector = connector_;
  if (!schema.empty()) set_text(connector, "schema", schema);
  set_text(connector, "table", table);
  return {json_text(connector), many_.secrets, many_.trusted};
}

}  // namespace connector::core
