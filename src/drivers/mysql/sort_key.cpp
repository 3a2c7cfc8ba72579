#include "drivers/mysql/sort_key.hpp"

#include <charconv>
#include <optional>
#include <string_view>

#include "drivers/mysql/constants.hpp"

namespace connector::mysql {

namespace {

/// Of a character in utf8mb4.
constexpr unsigned long character_bytes = 4;

/// The bytes that tinytext and tinyblob hold, each a character of up to three bytes in UTF-8.
constexpr unsigned long tiny_bytes = 255;

/// The number in varchar(10).
std::optional<unsigned long> declared_length(std::string_view remote_type) {
  const std::size_t bracket = remote_type.find('(');
  if (bracket == std::string_view::npos) return std::nullopt;
  unsigned long length = 0;
  const char* end = remote_type.data() + remote_type.size();
  const auto read = std::from_chars(remote_type.data() + bracket + 1, end, length);
  if (read.ec != std::errc() || read.ptr == end || *read.ptr != ')') return std::nullopt;
  return length;
}

/// Of the longest text, as bytes of utf8mb4; nothing if that is not known.
std::optional<unsigned long> longest_text(std::string_view remote_type) {
  if (first_word(remote_type) == "tinytext") return tiny_bytes * (character_bytes - 1);
  // All its values stand in the type, for a set with commas between them.
  if (is_choice(remote_type)) {
    return remote_type.find('(') == std::string_view::npos ? std::nullopt : std::optional(remote_type.size());
  }
  const std::optional<unsigned long> characters = declared_length(remote_type);
  if (!characters || *characters > max_sort_bytes) return characters;
  return *characters * character_bytes;
}

}  // namespace

bool sorts_whole(const core::RemoteColumn& column) {
  const Comparison comparison = comparison_of(column);
  if (comparison != Comparison::text && comparison != Comparison::bytes) return true;
  const std::string_view type = column.remote_type;
  const std::optional<unsigned long> longest = comparison == Comparison::text   ? longest_text(type)
                                               : first_word(type) == "tinyblob" ? std::optional(tiny_bytes)
                                                                                : declared_length(type);
  return longest && *longest <= max_sort_bytes;
}

}  // namespace connector::mysql
