#include "http/routes/key_request.hpp"

#include <array>
#include <charconv>

#include "core/base/utf8.hpp"
#include "http/message/reply.hpp"
#include "http/routes/request_body.hpp"

namespace connector::http {

namespace {

using Type = core::JsonValue::Type;

constexpr std::size_t most_label_characters = 200;
constexpr long longest_lifetime = 10L * 366 * 86400;

[[noreturn]] void refuse(const char* message, const char* hint) {
  Reply reply = json_reply({{"errors", message}, {"hint", hint}}, 400);
  throw Refusal{std::move(reply)};
}

[[noreturn]] void refuse_expires() {
  refuse("the value of \"expires\" is none that a key can have",
         "It is a whole number of seconds from now, at most ten years, or a time as 2030-01-31T12:00:00Z, or null.");
}

std::size_t characters(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t position = 0; position < text.size(); ++count) core::decode_utf8(text, position);
  return count;
}

/// Takes what looks like `pattern` from the front of `text`; `d` in it is any digit.
bool take(std::string_view& text, std::string_view pattern) {
  if (text.size() < pattern.size()) return false;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != pattern[i]) return false;
  }
  text.remove_prefix(pattern.size());
  return true;
}

/// The time with its zone; nothing for what PostgreSQL might take for anything else.
std::optional<std::string> time_text(std::string_view text) {
  std::string_view rest = text;
  if (!take(rest, "dddd-dd-dd")) return std::nullopt;
  if (rest.empty()) return std::string(text) + "T00:00:00Z";
  if (!take(rest, "Tdd:dd") && !take(rest, " dd:dd")) return std::nullopt;
  if (take(rest, ":dd") && take(rest, ".d")) {
    while (take(rest, "d")) {
    }
  }
  if (rest.empty()) return std::string(text) + 'Z';
  if (rest == "Z") return std::string(text);
  const bool has_zone = (take(rest, "+dd:dd") || take(rest, "-dd:dd")) && rest.empty();
  return has_zone ? std::optional(std::string(text)) : std::nullopt;
}

std::string seconds_text(std::string_view text) {
  long seconds = 0;
  const auto [rest, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (failed != std::errc() || rest != text.data() + text.size() || seconds <= 0 || seconds > longest_lifetime) {
    refuse_expires();
  }
  return std::to_string(seconds);
}

void read_expires(KeyRequest& wanted, const core::JsonValue& value) {
  const bool is_number =
      value.type == Type::integer || (value.type == Type::string && value.text.find('-', 1) == std::string::npos);
  if (value.type == Type::null) {
    wanted.lifetime.reset();
  } else if (is_number) {
    wanted.lifetime = seconds_text(value.text);
  } else if (value.type == Type::string) {
    wanted.lifetime.reset();
    wanted.end = time_text(value.text);
    if (!wanted.end) refuse_expires();
  } else {
    refuse_expires();
  }
}

}  // namespace

KeyRequest read_key_request(const Request& request) {
  KeyRequest wanted{.label = {}, .lifetime = default_key_lifetime, .end = std::nullopt};
  const core::JsonValue body = body_without_key(request);
  constexpr std::array<std::string_view, 2> members = {"label", "expires"};
  check_members(body, members, {});
  for (const core::JsonMember& member : body.members) {
    if (member.key == "label") {
      if (member.value.type != Type::string || !core::is_text(member.value.text) ||
          characters(member.value.text) > most_label_characters) {
        refuse("the value of \"label\" must be a text of at most 200 characters", "It only says what the key is for.");
      }
      wanted.label = member.value.text;
    } else {
      read_expires(wanted, member.value);
    }
  }
  return wanted;
}

}  // namespace connector::http
