#include "core/net/overdue.hpp"

#include <algorithm>

namespace connector::core {

namespace {

using std::chrono::seconds;

std::string rows_text(std::uint64_t rows) {
  if (rows == 0) return "No row had come.";
  if (rows == 1) return "One row had come.";
  return std::to_string(rows) + " rows had come.";
}

std::string seconds_text(seconds time) {
  return std::to_string(time.count()) + (time.count() == 1 ? " second" : " seconds");
}

/// A remote that keeps its pace is silent for moments only.
bool is_stalled(seconds lasted, seconds silence) {
  return silence >= std::max(seconds(1), lasted / 10);
}

std::string_view overdue_hint(const RunPoint& point, seconds lasted, seconds silence) {
  switch (point.phase) {
    case Phase::request:
    case Phase::connect:
    case Phase::authenticate:
      return "The server has not let the connector in yet: check server, port and network.";
    case Phase::describe:
    case Phase::execute:
      return "The remote has not come to its first row: make the query faster there, or have "
             "connector.statement_timeout raised.";
    case Phase::fetch:
    case Phase::convert:
      break;
    case Phase::load:
      return "What was left is done here: look at who locks the table, and at its indexes, constraints and triggers; "
             "or "
             "have connector.statement_timeout raised.";
  }
  if (is_stalled(lasted, silence)) {
    return "The remote server or the network stalled: look there. connector.read_timeout ends such a wait earlier.";
  }
  return "Ask for less with \"sql_query\" or \"max_rows\", or have connector.statement_timeout raised.";
}

Error ended(const RunPoint& point, ErrorNumber number, std::string_view message, std::string_view detail,
            std::string_view hint) {
  if (point.provider.empty()) return Error(number, std::string(message), {}, std::string(hint));
  return remote_error({.provider = point.provider,
                       .phase = point.phase,
                       .number = number,
                       .summary = message,
                       .remote_message = "",
                       .remote_detail = detail,
                       .hint = hint});
}

}  // namespace

Error overdue_error(const RunPoint& point, seconds lasted, seconds silence) {
  std::string detail = rows_text(point.rows);
  if (point.phase != Phase::load && silence.count() > 0) {
    detail += " The remote server had sent nothing for the last " + seconds_text(silence) + ".";
  }
  return ended(point, ErrorNumber::timed_out, "the run took longer than connector.statement_timeout allows", detail,
               overdue_hint(point, lasted, silence));
}

Error silent_error(const RunPoint& point, seconds limit) {
  return ended(point, ErrorNumber::remote_silent,
               "the remote server has sent nothing for " + seconds_text(limit) + " in the middle of its answer",
               rows_text(point.rows),
               "Look why the server or the network stalls and try again, or have connector.read_timeout raised.");
}

}  // namespace connector::core
