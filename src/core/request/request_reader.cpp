#include "core/request/request_reader.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <numeric>
#include <utility>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "core/base/utf8.hpp"
#include "core/request/synonyms.hpp"

namespace connector::core {

namespace {

constexpr std::size_t max_shown_keys = 16;
constexpr std::size_t max_hints = 4;
constexpr std::size_t max_shown_key_bytes = 63;
/// No known key is as long, with the path to it.
constexpr std::size_t max_parameter_bytes = 127;

/// Insertions, deletions, replacements and exchanges of neighbours that make one word of the other.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before_last(b.size() + 1);
  std::vector<std::size_t> last(b.size() + 1);
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(last.begin(), last.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return last[b.size()];
}

bool holds_nul(const JsonValue& value) {
  return value.text.find('\0') != std::string::npos || std::any_of(value.items.begin(), value.items.end(), holds_nul) ||
         std::any_of(value.members.begin(), value.members.end(), [](const JsonMember& member) {
           return member.key.find('\0') != std::string::npos || holds_nul(member.value);
         });
}

bool contains(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::string quoted_key(std::string_view key) {
  return core::quoted(key, max_shown_key_bytes);
}

}  // namespace

void Problems::add(std::string key, std::string_view what) {
  if (++count_ <= max_told) {
    if (!lines_.empty()) lines_ += '\n';
    lines_ += what;
  }
  if (known_.insert(key).second) keys_.push_back(std::move(key));
}

void Problems::advise(std::string_view hint) {
  if (hints_.size() == max_hints || std::find(hints_.begin(), hints_.end(), hint) != hints_.end()) return;
  hints_.emplace_back(hint);
}

bool Problems::has(std::string_view key) const {
  return known_.contains(key);
}

void Problems::throw_if_any(std::string_view subject, std::string hint) const {
  if (keys_.empty()) return;
  std::string list;
  for (std::size_t i = 0; i < std::min(keys_.size(), max_shown_keys); ++i) add_item(list, quoted_key(keys_[i]));
  std::string message = std::string(subject) + ": " + list;
  if (keys_.size() > max_shown_keys) message += " and " + std::to_string(keys_.size() - max_shown_keys) + " more";
  std::string detail = lines_;
  if (count_ > max_told) detail += "\nAnd " + std::to_string(count_ - max_told) + " more.";
  for (const std::string& advice : hints_) {
    if (&advice == &hints_.front()) hint.clear();
    if (!hint.empty()) hint += '\n';
    hint += advice;
  }
  throw Error(ErrorNumber::invalid_parameters, std::move(message), std::move(detail), std::move(hint))
      .with_parameter(std::string(truncate_utf8(shown_text(keys_.front(), max_parameter_bytes), max_parameter_bytes)));
}

std::optional<std::string_view> nearest_name(std::string_view word, std::span<const std::string_view> known) {
  constexpr std::size_t longest = 63;
  constexpr std::size_t shortest_prefix = 3;
  if (word.empty() || word.size() > longest) return std::nullopt;
  std::optional<std::string_view> nearest;
  std::size_t least = 0;
  for (const std::string_view name : known) {
    const std::size_t distance = edit_distance(word, name);
    const std::size_t tolerance = std::max<std::size_t>(1, std::min(word.size(), name.size()) / 3);
    if (distance <= tolerance && (!nearest || distance < least)) {
      nearest = name;
      least = distance;
    }
  }
  if (nearest) return nearest;
  for (const std::string_view name : known) {
    // "user" for "username"
    if (std::min(word.size(), name.size()) >= shortest_prefix && (name.starts_with(word) || word.starts_with(name))) {
      return name;
    }
  }
  return std::nullopt;
}

std::string alternatives(std::span<const std::string_view> names) {
  std::string result;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) result += i + 1 == names.size() ? " or " : ", ";
    result += '"';
    result += names[i];
    result += '"';
  }
  return result;
}

bool is_blank(std::string_view text) noexcept {
  return text.find_first_not_of(" \t\r\n\f\v") == std::string_view::npos;
}

std::string integer_range(std::int64_t least, std::int64_t most) {
  if (most == std::numeric_limits<std::int64_t>::max()) return "an integer not below " + std::to_string(least);
  return "an integer from " + std::to_string(least) + " to " + std::to_string(most);
}

std::optional<std::int64_t> whole_number(std::string_view text) noexcept {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

ObjectReader::ObjectReader(const JsonValue& object, std::string prefix, Problems& problems)
    : object_(object), prefix_(std::move(prefix)), problems_(problems) {
  std::set<std::string> seen;
  std::set<std::string> reported;
  for (const JsonMember& member : object.members) {
    const std::string key = lower_ascii(member.key);
    if (!seen.insert(key).second && reported.insert(key).second) {
      problems_.add(path(key), "Duplicate key " + quoted_key(path(key)) + '.');
    }
    if (member.value.type != JsonValue::Type::object) report_nul(key, member.value);
  }
}

const JsonValue* ObjectReader::value(std::string_view key) const {
  for (const JsonMember& member : object_.members) {
    if (lower_ascii(member.key) == key) return member.value.type == JsonValue::Type::null ? nullptr : &member.value;
  }
  return nullptr;
}

void ObjectReader::wrong_type(std::string_view key, const JsonValue& value, std::string_view wanted) const {
  problems_.add(path(key), "Key " + quoted_key(path(key)) + " must be " + std::string(wanted) + ", not " +
                               std::string(json_type_name(value.type)) + '.');
}

bool ObjectReader::report_nul(std::string_view key, const JsonValue& value) const {
  if (!holds_nul(value)) return false;
  problems_.add(path(key), "Key " + quoted_key(path(key)) + " must not hold the character U+0000.");
  return true;
}

std::optional<std::string> ObjectReader::string(std::string_view key) const {
  const JsonValue* found = value(key);
  if (found == nullptr) return std::nullopt;
  if (found->type != JsonValue::Type::string) {
    wrong_type(key, *found, "a string");
    return std::nullopt;
  }
  if (is_blank(found->text)) return std::nullopt;
  return found->text;
}

std::optional<bool> ObjectReader::boolean(std::string_view key) const {
  const JsonValue* found = value(key);
  if (found == nullptr) return std::nullopt;
  if (found->type != JsonValue::Type::boolean) {
    wrong_type(key, *found, "true or false");
    return std::nullopt;
  }
  return found->text == "true";
}

std::optional<std::int64_t> ObjectReader::integer(std::string_view key, std::int64_t least, std::int64_t most) const {
  const JsonValue* found = value(key);
  if (found == nullptr) return std::nullopt;
  if (found->type != JsonValue::Type::integer && found->type != JsonValue::Type::string) {
    wrong_type(key, *found, "an integer");
    return std::nullopt;
  }
  if (found->type == JsonValue::Type::string && is_blank(found->text)) return std::nullopt;
  const auto number = whole_number(found->text);
  if (!number || *number < least || *number > most) {
    problems_.add(path(key), "Key " + quoted_key(path(key)) + " must be " + integer_range(least, most) + '.');
    return std::nullopt;
  }
  return number;
}

std::optional<std::size_t> ObjectReader::choice(std::string_view key, std::span<const std::string_view> choices) const {
  const auto text = string(key);
  if (!text) return std::nullopt;
  const auto found = std::find(choices.begin(), choices.end(), *text);
  if (found == choices.end()) {
    problems_.add(path(key), "Key " + quoted_key(path(key)) + " must be " + alternatives(choices) + '.');
    return std::nullopt;
  }
  return static_cast<std::size_t>(found - choices.begin());
}

void ObjectReader::report_unknown(std::span<const std::string_view> known, std::span<const std::string_view> elsewhere,
                                  std::string_view place) const {
  std::set<std::string> reported;
  for (const JsonMember& member : object_.members) {
    const std::string key = lower_ascii(member.key);
    if (contains(known, key) || !reported.insert(key).second) continue;
    if (!problems_.tells()) {
      problems_.add(path(member.key), {});
      continue;
    }
    std::string what = "Unknown key " + quoted_key(path(member.key));
    const std::string_view ours = key_for(key).value_or("");
    if (contains(elsewhere, key)) {
      what += "; it belongs " + std::string(place) + '.';
    } else if (contains(known, ours)) {
      what += "; did you mean \"" + std::string(ours) + "\"?";
    } else if (contains(elsewhere, ours)) {
      what += "; did you mean \"" + std::string(ours) + "\", " + std::string(place) + '?';
    } else if (const auto near = nearest_name(key, known)) {
      what += "; did you mean \"" + std::string(*near) + "\"?";
    } else {
      what += '.';
    }
    problems_.add(path(member.key), std::move(what));
  }
}

}  // namespace connector::core
