#include "drivers/odbc/skipped_rows.hpp"

namespace connector::odbc {

void skip_rows(Session& session, SQLHSTMT statement, std::int64_t rows, const Task& task) {
  for (std::int64_t skipped = 0; skipped < rows; ++skipped) {
    if (session.run(statement, task, "SQLFetch", [&] { return SQLFetch(statement); }) == SQL_NO_DATA) return;
  }
}

}  // namespace connector::odbc
