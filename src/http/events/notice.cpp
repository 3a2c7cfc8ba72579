#include "http/events/notice.hpp"

#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "http/message/request.hpp"
#include "http/message/uuid.hpp"

namespace connector::http {

std::optional<Notice> read_notice(const std::string& payload) {
  core::JsonValue object;
  try {
    object = core::parse_json(payload);
  } catch (const core::Error&) {
    return std::nullopt;
  }
  const core::JsonValue* kind = member(object, "kind");
  const core::JsonValue* id = member(object, "id");
  if (kind == nullptr || id == nullptr || kind->type != core::JsonValue::Type::string ||
      id->type != core::JsonValue::Type::string || !is_uuid(id->text)) {
    return std::nullopt;
  }
  const std::string_view text = kind->text;
  if (text != Notice::import && text != Notice::sync && text != Notice::batch && text != Notice::api_key) {
    return std::nullopt;
  }
  return Notice{.kind = kind->text, .id = id->text};
}

}  // namespace connector::http
