// Names of any bytes: the results are valid, short enough, unique, and stay what they are when normalised again.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.hpp"
#include "core/request/names.hpp"
#include "core/base/utf8.hpp"

namespace {

using namespace connector::core;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "violated: %s\n", what);
  std::abort();
}

bool is_valid_utf8(std::string_view text) {
  for (std::size_t position = 0; position < text.size();) {
    if (decode_utf8(text, position) == invalid_utf8) return false;
  }
  return true;
}

void require_plain(const std::string& name) {
  require(!name.empty() && name.size() <= max_name_bytes, "a name has 1 to 63 bytes");
  require((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_', "a name starts with a letter or underscore");
  require(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos, "a name is plain");
}

}  // namespace

/// The input is a list of names, one a line.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::string> remote;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find('\n', start), text.size());
    remote.emplace_back(text.substr(start, end - start));
    start = end + 1;
  }
  for (const std::string& name : remote) {
    const std::string table = normalize_table_name(name);
    require_plain(table);
    require(normalize_table_name(table) == table, "table names are idempotent");
    const std::string next = unused_name(name, [&](const std::string& candidate) { return candidate.size() % 2 == 0; });
    require(next.size() <= max_name_bytes && next.size() % 2 == 1, "an unused name is short and unused");
    require(!is_valid_utf8(name) || is_valid_utf8(next), "an unused name is cut at a character");
    const std::string shown = quoted(name);
    require(is_valid_utf8(shown), "a shown name is valid");
  }
  const auto columns = normalize_column_names(remote);
  require(columns.size() == remote.size(), "every column has a name");
  require(std::set<std::string>(columns.begin(), columns.end()).size() == columns.size(), "column names are unique");
  for (const std::string& name : columns) require_plain(name);
  require(normalize_column_names(columns) == columns, "column names are idempotent");
  try {
    const auto verbatim = verbatim_column_names(remote);
    require(std::set<std::string>(verbatim.begin(), verbatim.end()).size() == verbatim.size(),
            "verbatim names are unique");
    for (std::size_t i = 0; i < remote.size(); ++i) {
      require(remote[i].empty() || remote[i].starts_with(verbatim[i]), "verbatim names are kept");
    }
  } catch (const Error& error) {
    require(error.number() == ErrorNumber::duplicated_column, "verbatim names fail as duplicated");
  }
  return 0;
}
