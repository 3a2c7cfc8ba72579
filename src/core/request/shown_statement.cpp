#include "core/request/shown_statement.hpp"

#include <algorithm>
#include <cstring>

#include "core/base/utf8.hpp"

namespace connector::core {

namespace {

/// Beyond these, nothing of a statement is worth the search.
constexpr std::size_t max_statement_bytes = 4 * 1024 * 1024;
constexpr std::size_t max_secrets = 20;

/// Where `wanted`, which is not empty, begins in `text` from `from` on. memmem() takes linear time, whatever the texts
/// are; std::string::find() does not.
std::size_t find(std::string_view text, std::string_view wanted, std::size_t from = 0) {
  if (from > text.size()) return std::string_view::npos;
  const void* found = memmem(text.data() + from, text.size() - from, wanted.data(), wanted.size());
  if (found == nullptr) return std::string_view::npos;
  return static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
}

bool contains(std::string_view text, std::string_view wanted) {
  return find(text, wanted) != std::string_view::npos;
}

std::string doubled(std::string_view text, char character) {
  std::string result;
  for (const char c : text) {
    if (c == character) result += c;
    result += c;
  }
  return result;
}

/// Replaces every `wanted`, which is not empty, in one pass; says whether there was one.
bool replace_all(std::string& text, std::string_view wanted, std::string_view replacement) {
  std::size_t found = find(text, wanted);
  if (found == std::string::npos) return false;
  std::string result;
  std::size_t position = 0;
  while (found != std::string::npos) {
    result.append(text, position, found - position).append(replacement);
    position = found + wanted.size();
    found = find(text, wanted, position);
  }
  text = result.append(text, position);
  return true;
}

/// The spellings of a text in SQL that are told: as it is (between dollar quotes), in quotes, and in quotes with
/// backslashes.
std::string as_is(const std::string& text) {
  return text;
}
std::string in_quotes(const std::string& text) {
  return doubled(text, '\'');
}
std::string in_escape_quotes(const std::string& text) {
  return doubled(doubled(text, '\''), '\\');
}
constexpr std::string (*spellings[])(const std::string&) = {as_is, in_quotes, in_escape_quotes};

bool holds_a_secret(std::string_view text, std::span<const BroughtRequest> requests) {
  return std::ranges::any_of(requests, [&](const BroughtRequest& request) {
    return std::ranges::any_of(request.secrets, [&](const std::string& secret) {
      return contains(text, secret) || contains(text, in_quotes(secret));
    });
  });
}

/// Whether there may be a text in it: a string constant, JSON, or a row that COPY shows.
bool may_hold_a_text(std::string_view statement) {
  if (statement.find_first_of("'{") != std::string_view::npos) return true;
  if (contains(statement, "COPY ") && contains(statement, ", line ")) return true;
  for (std::size_t i = statement.find('$'); i != std::string_view::npos; i = statement.find('$', i + 1)) {
    const bool parameter = i + 1 < statement.size() && statement[i + 1] >= '0' && statement[i + 1] <= '9';
    if (!parameter) return true;
  }
  return false;
}

/// Whether what stands around a request may be another one, or a part of one, or escapes something.
bool may_be_a_request(std::string_view rest) {
  if (rest.find_first_of("{\\") != std::string_view::npos) return true;
  const std::string lower = lower_ascii(rest);
  return std::ranges::any_of(
      std::initializer_list<std::string_view>{"u&", "pass", "pwd", "secret", "token", "credential"},
      [&](std::string_view word) { return contains(lower, word); });
}

}  // namespace

std::string shown_statement(std::string_view statement, std::span<const BroughtRequest> requests) {
  std::size_t secrets = 0;
  for (const BroughtRequest& request : requests) secrets += request.secrets.size();
  if (statement.size() > max_statement_bytes || secrets > max_secrets) return std::string(hidden_statement);
  std::string shown(statement);
  std::string rest(statement);
  bool found = false;
  for (const BroughtRequest& request : requests) {
    if (request.text.empty()) continue;
    for (const auto spelling : spellings) {
      const std::string wanted = spelling(request.text);
      if (!replace_all(rest, wanted, " ")) continue;
      replace_all(shown, wanted, spelling(request.masked));
      found = true;
    }
  }
  const bool doubtful = found ? may_be_a_request(rest) : may_hold_a_text(rest);
  if (doubtful || holds_a_secret(rest, requests)) return std::string(hidden_statement);
  return shown;
}

}  // namespace connector::core
