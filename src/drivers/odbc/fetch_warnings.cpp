#include "drivers/odbc/fetch_warnings.hpp"

#include <algorithm>
#include <string_view>

namespace connector::odbc {

namespace {

constexpr std::size_t most_messages = 20;
constexpr std::string_view did_not_fit = "01004";

/// Whether there is a record of anything else. A block of rows may have one for each value.
bool has_other_records(SQLHSTMT statement) {
  SQLCHAR state[SQL_SQLSTATE_SIZE + 1] = {};
  SQLSMALLINT length = 0;
  for (SQLSMALLINT record = 1; record < SQL_MAX_MESSAGE_LENGTH; ++record) {
    const SQLRETURN result = SQLGetDiagField(SQL_HANDLE_STMT, statement, record, SQL_DIAG_SQLSTATE, state,
                                             static_cast<SQLSMALLINT>(sizeof state), &length);
    if (!SQL_SUCCEEDED(result)) return false;
    if (reinterpret_cast<const char*>(state) != did_not_fit) return true;
  }
  return false;
}

}  // namespace

void FetchWarnings::note(SQLHSTMT statement, const Mask& mask) {
  if (!has_other_records(statement)) return;
  for (Diagnostic& record : diagnostics(SQL_HANDLE_STMT, statement)) {
    if (record.sqlstate == did_not_fit) continue;
    const std::string message = mask(std::move(record.message));
    const auto known = std::ranges::find(known_, message, &core::RemoteWarning::message);
    if (known != known_.end()) {
      ++known->count;
    } else if (known_.size() < most_messages) {
      known_.push_back({record.native_code, message, 1});
    } else {
      ++others_;
    }
  }
}

std::vector<core::RemoteWarning> FetchWarnings::list() const {
  std::vector<core::RemoteWarning> all = known_;
  // Warnings are told apart by their numbers, and drivers' own ones often have none.
  long code = 0;
  for (core::RemoteWarning& warning : all) {
    if (warning.code == 0) warning.code = --code;
  }
  if (others_ > 0) all.push_back({--code, "(further messages)", others_});
  return all;
}

}  // namespace connector::odbc
