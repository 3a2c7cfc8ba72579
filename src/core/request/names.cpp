#include "core/request/names.hpp"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "core/base/trim.hpp"
#include "core/base/error.hpp"
#include "core/request/reserved_words.hpp"
#include "core/request/transliterate.hpp"
#include "core/base/utf8.hpp"

namespace connector::core {

namespace {

constexpr int max_suffix = 10000;

bool is_letter(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_word(char c) {
  return is_letter(c) || (c >= '0' && c <= '9');
}

/// Everything but letters and digits becomes `_`, and runs of `_` one.
std::string words_joined(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (is_word(c)) {
      result += c;
    } else if (result.empty() || result.back() != '_') {
      result += '_';
    }
  }
  return result;
}

/// Length of a `<tag>` at the start of `text`; 0 if there is none. `<` as a comparison sign is no tag.
std::size_t tag_length(std::string_view text) {
  if (text.size() < 3) return 0;
  const char c = text[1];
  if (!is_letter(static_cast<char>(c | 0x20)) && c != '/' && c != '!' && c != '?') return 0;
  const std::size_t end = text.find('>');
  return end == std::string_view::npos ? 0 : end + 1;
}

/// Length of a character reference (`&amp;`, `&#233;`) at the start of `text`; 0 if there is none.
std::size_t reference_length(std::string_view text) {
  std::size_t end = 1;
  while (end < text.size() && (is_word(static_cast<char>(text[end] | 0x20)) || text[end] == '#')) ++end;
  return end > 1 && end <= 32 && end < text.size() && text[end] == ';' ? end + 1 : 0;
}

std::string without_markup(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    std::size_t skipped = 0;
    if (text.front() == '<') {
      skipped = tag_length(text);
    } else if (text.front() == '&') {
      skipped = reference_length(text);
      if (skipped != 0) result += '-';
    }
    if (skipped == 0) {
      result += text.front();
      skipped = 1;
    }
    text.remove_prefix(skipped);
  }
  return result;
}

/// Empty if nothing of the name is left.
std::string normalize_column_name(std::string_view remote_name) {
  std::string text = to_ascii_lower(without_markup(remote_name), '-');
  for (char& c : text) {
    if (!is_word(c) && c != '_') c = '-';
  }
  std::string name = words_joined(trimmed(text, "-"));
  if (name.empty()) return name;
  if ((!is_letter(name.front()) && name.front() != '_') || is_reserved_column_name(name)) name.insert(0, 1, '_');
  if (name.size() > max_name_bytes) name.resize(max_name_bytes);
  return name;
}

/// `stem_N` within the limit, with one underscore between.
std::string with_suffix(std::string_view stem, std::size_t number) {
  const std::string suffix = '_' + std::to_string(number);
  stem = truncate_utf8(stem, max_name_bytes - suffix.size());
  while (!stem.empty() && stem.back() == '_') stem.remove_suffix(1);
  return std::string(stem) + suffix;
}

std::string unnamed_column(std::size_t index) {
  return "column_" + std::to_string(index + 1);
}

}  // namespace

std::string normalize_table_name(std::string_view remote_name) {
  const std::string text = to_ascii_lower(remote_name, '_');
  const std::string_view stripped = trimmed(text, " \t\n\v\f\r");
  if (std::none_of(stripped.begin(), stripped.end(), is_word)) return "untitled_table";
  std::string name = is_letter(stripped.front()) ? std::string() : "table_";
  name += stripped;
  name = words_joined(name);
  if (name.size() > max_name_bytes) name.resize(max_name_bytes);
  if (is_reserved_table_name(name)) name += "_t";
  return name;
}

std::vector<std::string> normalize_column_names(const std::vector<std::string>& remote_names) {
  std::vector<std::string> names;
  names.reserve(remote_names.size());
  for (const std::string& remote_name : remote_names) {
    names.push_back(normalize_column_name(remote_name));
    if (names.back().empty()) names.back() = unnamed_column(names.size() - 1);
  }
  // A column keeps its own name even if a suffix given to an earlier one would make that name.
  const std::unordered_set<std::string> own_names(names.begin(), names.end());
  std::unordered_set<std::string> used;
  std::unordered_map<std::string, std::size_t> last_suffix;
  for (std::string& name : names) {
    if (used.insert(name).second) continue;
    std::size_t& suffix = last_suffix[name];
    std::string candidate;
    do {
      candidate = with_suffix(name, ++suffix);
    } while (own_names.contains(candidate) || !used.insert(candidate).second);
    name = std::move(candidate);
  }
  return names;
}

std::vector<std::string> verbatim_column_names(const std::vector<std::string>& remote_names) {
  std::vector<std::string> names;
  names.reserve(remote_names.size());
  std::unordered_map<std::string, std::size_t> first_of;
  std::string equal;
  for (std::size_t i = 0; i < remote_names.size(); ++i) {
    names.emplace_back(truncate_utf8(remote_names[i], max_name_bytes));
    if (names.back().empty()) names.back() = unnamed_column(i);
    const auto [first, is_new] = first_of.emplace(names.back(), i);
    if (is_new) continue;
    if (!equal.empty()) equal += '\n';
    equal += "Columns " + std::to_string(first->second + 1) + " and " + std::to_string(i + 1) + " are both named " +
             core::quoted(names.back()) + '.';
  }
  if (!equal.empty()) {
    throw Error(ErrorNumber::duplicated_column, "column names are not unique", std::move(equal),
                "Name the columns differently in the query, or set \"column_names\" to \"normalize\".");
  }
  return names;
}

std::string unused_name(std::string_view name, const std::function<bool(const std::string&)>& taken) {
  std::string candidate(truncate_utf8(name, max_name_bytes));
  for (std::size_t suffix = 1; taken(candidate); ++suffix) {
    if (suffix > max_suffix) {
      throw Error(ErrorNumber::bad_name, "could not find an unused name like " + core::quoted(name),
                  "All names up to " + core::quoted(candidate) + " are taken.",
                  "Choose another name with \"import_as\".");
    }
    candidate = with_suffix(name, suffix);
  }
  return candidate;
}

}  // namespace connector::core
