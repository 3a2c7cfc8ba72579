#include "http/routes/list_query.hpp"

#include <algorithm>
#include <charconv>

#include "core/base/utf8.hpp"
#include "http/message/reply.hpp"
#include "http/message/uuid.hpp"

namespace connector::http {

namespace {

constexpr std::int64_t longest_search = 200;

/// Of a text in UTF-8: the bytes that begin one.
std::int64_t character_count(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; });
}

}  // namespace

std::int64_t limit_of(const Parameters& query, std::int64_t unless_given, std::int64_t most) {
  const std::optional<std::string> text = parameter(query, "limit");
  if (!text) return unless_given;
  std::int64_t number = 0;
  const char* end = text->data() + text->size();
  const auto [rest, failed] = std::from_chars(text->data(), end, number);
  if (failed != std::errc() || rest != end || number < 1 || number > most) {
    throw Refusal{error_reply(400, "\"limit\" must be a whole number from 1 to " + std::to_string(most))};
  }
  return number;
}

std::optional<std::string> id_of(const Parameters& query, std::string_view name) {
  std::optional<std::string> text = parameter(query, name);
  if (text && !is_uuid(*text)) throw Refusal{error_reply(400, core::quoted(name) + " must be a uuid")};
  return text;
}

std::optional<std::string> search_of(const Parameters& query) {
  std::optional<std::string> text = parameter(query, "search");
  if (!text || text->empty()) return std::nullopt;
  if (character_count(*text) > longest_search) {
    throw Refusal{
        error_reply(400, "\"search\" must have no more than " + std::to_string(longest_search) + " characters")};
  }
  return text;
}

}  // namespace connector::http
