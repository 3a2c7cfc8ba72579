#include "drivers/mysql/warnings.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include "core/base/utf8.hpp"
#include "drivers/mysql/errors.hpp"

namespace connector::mysql {

namespace {

/// No server keeps more.
constexpr std::size_t max_warnings = 65535;

constexpr std::size_t max_shown_bytes = 300;
constexpr std::size_t max_kinds = 20;

/// Numbers of warnings about values that the server left out or shortened because of a limit of its own. Others (a text
/// that is no number, a division by zero) are what the statement's own operators do with such values.
enum CutResult : long {
  cut_by_group_concat = 1260,         // and by JSON_ARRAYAGG of MariaDB
  larger_than_allowed_packet = 1301,  // the value is NULL instead
  incomplete_rows = 1931,             // MariaDB: LIMIT ROWS EXAMINED, max_recursive_iterations
};

/// Deprecated syntax says nothing of the rows.
enum Advice : long { deprecated_syntax = 1287, deprecated_syntax_for_good = 1681 };

bool is_cut(const Session& session, long code) {
  return code == cut_by_group_concat || code == larger_than_allowed_packet ||
         (code == incomplete_rows && session.version().is_mariadb);
}

}  // namespace

std::vector<core::RemoteWarning> read_warnings(Session& session, unsigned count, std::string_view summary) {
  std::vector<core::RemoteWarning> warnings;
  const std::vector<TextRow> rows = session.query("SHOW WARNINGS", core::Phase::fetch, max_warnings);
  for (const TextRow& row : rows) {
    if (row.size() < 3) throw_malformed("a warning of the server has too few columns");
    const std::string level = row[0].value_or(""), number = row[1].value_or(""), message = row[2].value_or("");
    long code = 0;
    std::from_chars(number.data(), number.data() + number.size(), code);
    if (is_cut(session, code)) {
      throw core::remote_error({.provider = "mysql",
                                .phase = core::Phase::fetch,
                                .number = core::ErrorNumber::cannot_read,
                                .native_code = code,
                                .summary = summary,
                                .remote_message = message,
                                .hint = "The server cut the result, so it is not used. Raise the limit that the "
                                        "message names on the server, or change the query."});
    }
    if (level == "Note" || code == deprecated_syntax || code == deprecated_syntax_for_good) continue;
    const auto known = std::ranges::find(warnings, code, &core::RemoteWarning::code);
    if (known != warnings.end()) {
      ++known->count;
    } else if (warnings.size() < max_kinds) {
      warnings.push_back({code, core::shown_text(message, max_shown_bytes), 1});
    }
  }
  if (count > rows.size()) warnings.push_back({0, "the server did not keep all of its warnings", count - rows.size()});
  return warnings;
}

}  // namespace connector::mysql
