#include "drivers/odbc/row_limits.hpp"

#include <limits>

namespace connector::odbc {

void limit_rows(SQLHSTMT statement, std::int64_t rows, std::int64_t offset) noexcept {
  // 0 means that there is no limit.
  if (rows <= 0 || rows > std::numeric_limits<std::int32_t>::max() - offset) return;
  // An attribute is a number in the place of a pointer.
  // NOLINTNEXTLINE(performance-no-int-to-ptr)
  SQLSetStmtAttr(statement, SQL_ATTR_MAX_ROWS, reinterpret_cast<SQLPOINTER>(rows + offset), SQL_IS_UINTEGER);
}

void skip_rows(Session& session, SQLHSTMT statement, std::int64_t rows, const Task& task) {
  for (std::int64_t skipped = 0; skipped < rows; ++skipped) {
    if (session.run(statement, task, "SQLFetch", [&] { return SQLFetch(statement); }) == SQL_NO_DATA) return;
  }
}

}  // namespace connector::odbc
