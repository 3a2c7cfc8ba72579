#include "drivers/odbc/diagnostics.hpp"

#include <algorithm>
#include <utility>

#include "core/base/list_text.hpp"
#include "drivers/odbc/wide_text.hpp"

namespace connector::odbc {

namespace {

using core::ErrorNumber;
using core::Phase;

constexpr std::string_view provider_id = "odbc";

/// Against drivers that never say that there are no more.
constexpr SQLSMALLINT most_records = 1000;
constexpr std::size_t state_length = 5;
/// Messages are mostly shorter; its length is counted in 16 bits with a sign, so that no message is longer than the
/// second one.
constexpr std::size_t usual_length = 1024;
constexpr std::size_t longest = 32767;

/// Native numbers by which servers deny a login, where their drivers have no SQLSTATE for it: MySQL's
/// ER_ACCESS_DENIED_ERROR and ER_ACCESS_DENIED_NO_PASSWORD_ERROR, SQL Server's "Login failed for user", Oracle's
/// ORA-01017, Db2's SQL30082N, Snowflake's incorrect name or password; passwords that have expired (SQL Server's 18487
/// and 18488, ORA-28001) and accounts that are locked (ORA-28000).
constexpr long denying_codes[] = {1045, 1698, 18456, 18487, 18488, 1017, 28000, 28001, -30082, 390100};
/// psqlodbc has 08001 for all; the words are PostgreSQL's.
constexpr std::string_view denying_words = "authentication failed for user";

bool is_denied(const Diagnostic& record) {
  if (record.sqlstate == "28000" || record.sqlstate == "28P01") return true;
  return std::ranges::find(denying_codes, record.native_code) != std::end(denying_codes) ||
         record.message.find(denying_words) != std::string::npos;
}

bool is_time_out(const Diagnostic& record) {
  return record.sqlstate == "HYT00" || record.sqlstate == "HYT01";
}

/// A record in one line, for the DETAIL.
std::string line_of(const Diagnostic& record) {
  std::string line = record.message.empty() ? "The driver gives no message" : record.message;
  std::string codes;
  if (!record.sqlstate.empty()) codes = "SQLSTATE " + record.sqlstate;
  if (record.native_code != 0) core::add_item(codes, "code " + std::to_string(record.native_code));
  if (!codes.empty()) line += " (" + codes + ").";
  return line;
}

/// The hint for records that keep a connection from coming about.
std::string_view connect_hint(const Diagnostic& first) {
  // What the driver manager says of a library that it can't load, and of a data source that it does not know.
  if (first.sqlstate == "IM003") {
    return "The driver's library, or one that it needs, can't be loaded on the database server.";
  }
  if (first.sqlstate == "IM002") return "Check the name in the configuration of unixODBC on the database server.";
  return first.sqlstate.starts_with("08") ? core::unreachable_hint : std::string_view();
}

/// The key of the connection that such records are about, where the SQLSTATE alone does not say.
std::string_view connect_parameter(std::string_view sqlstate, std::string_view message) {
  if (sqlstate == "IM003") return "connection.driver";
  if (sqlstate == "IM002") return "connection.dsn";
  return sqlstate.starts_with("08") ? core::unreachable_parameter(message) : std::string_view();
}

/// A record of the handle; false if there is none of this number. `message` is the space that it is read into.
bool read_record(SQLSMALLINT type, SQLHANDLE handle, SQLSMALLINT number, std::vector<SQLWCHAR>& message,
                 Diagnostic& record) {
  SQLWCHAR state[state_length + 1] = {};
  SQLINTEGER native = 0;
  SQLSMALLINT length = 0;
  const auto read = [&] {
    std::ranges::fill(message, SQLWCHAR{0});
    return SQLGetDiagRecW(type, handle, number, state, &native, message.data(),
                          static_cast<SQLSMALLINT>(message.size() - 1), &length);
  };
  SQLRETURN result = read();
  if (result == SQL_SUCCESS_WITH_INFO && message.size() <= longest) {
    message.resize(longest + 1);
    result = read();
  }
  if (!SQL_SUCCEEDED(result)) return false;
  // Some drivers count bytes, others leave the length as it is: the text ends at its 0.
  const auto end = std::ranges::find(message, SQLWCHAR{0});
  const std::string text = repaired_text(narrow_text({message.begin(), end}));
  const auto state_end = std::find(state, state + state_length, SQLWCHAR{0});
  record = {
      .sqlstate = narrow_text({state, state_end}), .native_code = native, .message = std::string(without_names(text))};
  return true;
}

}  // namespace

std::string_view without_names(std::string_view message) noexcept {
  while (message.starts_with('[')) {
    const std::size_t end = message.find(']');
    if (end == std::string_view::npos) break;
    message.remove_prefix(end + 1);
  }
  const std::size_t begin = message.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return message.substr(begin, message.find_last_not_of(" \t\r\n") - begin + 1);
}

std::vector<Diagnostic> diagnostics(SQLSMALLINT handle_type, SQLHANDLE handle) {
  std::vector<Diagnostic> records;
  if (handle == SQL_NULL_HANDLE) return records;
  std::vector<SQLWCHAR> message(usual_length);
  Diagnostic record;
  for (SQLSMALLINT number = 1; number <= most_records; ++number) {
    if (!read_record(handle_type, handle, number, message, record)) break;
    records.push_back(std::move(record));
  }
  return records;
}

bool is_lost(std::span<const Diagnostic> records) noexcept {
  // 57P01 to 57P03 are PostgreSQL's shutdowns. MySQL's drivers have no SQLSTATE for it: CR_SERVER_GONE_ERROR,
  // CR_SERVER_LOST.
  return std::ranges::any_of(records, [](const Diagnostic& record) {
    return record.sqlstate.starts_with("08") || record.sqlstate.starts_with("57P0") ||
           (record.sqlstate == "HY000" && (record.native_code == 2006 || record.native_code == 2013));
  });
}

core::Error diagnosed_error(std::span<const Diagnostic> records, const Task& task, const Mask& mask,
                            std::string_view call) {
  const bool is_connecting = task.phase == Phase::connect || task.phase == Phase::authenticate;
  const bool is_refused = is_connecting && std::ranges::any_of(records, is_denied);
  const bool is_late = std::ranges::any_of(records, is_time_out);
  Diagnostic first = records.empty() ? Diagnostic{} : records.front();
  if (first.message.empty()) {
    first.message = "the driver does not say why";
    if (!call.empty()) first.message += " (" + std::string(call) + " failed)";
  }
  std::vector<std::string> lines;
  for (const Diagnostic& record : records.subspan(std::min<std::size_t>(records.size(), 1))) {
    std::string line = line_of(record);
    // FreeTDS says some things twice.
    const bool is_known = record == records.front() || std::ranges::find(lines, line) != lines.end();
    if (!is_known) lines.push_back(std::move(line));
  }
  const std::string message = mask(std::move(first.message));
  const std::string detail = mask(core::joined(lines, "\n"));
  std::string_view hint;
  if (is_refused) {
    hint = "Check username and password, and how the server lets this account in.";
  } else if (is_connecting) {
    hint = connect_hint(first);
  } else if (is_lost(records)) {
    hint = "The server has ended the connection, or the network has: look there, and try again.";
  }
  ErrorNumber number = is_connecting ? ErrorNumber::cannot_connect : ErrorNumber::cannot_read;
  if (is_late && !is_refused) number = ErrorNumber::timed_out;
  return core::remote_error(
      {.provider = provider_id,
       .phase = is_refused ? Phase::authenticate : task.phase,
       .number = number,
       .native_code = first.native_code,
       .sqlstate = first.sqlstate,
       .summary = task.summary,
       .remote_message = message,
       .remote_detail = detail,
       .hint = hint,
       .denied_login = is_refused,
       .parameter = is_connecting && !is_refused ? connect_parameter(first.sqlstate, message) : ""});
}

core::Error call_error(SQLSMALLINT handle_type, SQLHANDLE handle, const Task& task, const Mask& mask,
                       std::string_view call) {
  return diagnosed_error(diagnostics(handle_type, handle), task, mask, call);
}

}  // namespace connector::odbc
