// Limits on the rows of a result where the statement has none.
#pragma once

#include <cstdint>

#include "drivers/odbc/session.hpp"

namespace connector::odbc {

/// Tells the driver, before the statement is executed, that no more rows are wanted. Drivers may pass over it.
void limit_rows(SQLHSTMT statement, std::int64_t rows, std::int64_t offset) noexcept;

/// Passes over the first rows of an executed statement.
void skip_rows(Session& session, SQLHSTMT statement, std::int64_t rows, const Task& task);

}  // namespace connector::odbc
