// Rows that are passed over where the statement can't say so.
#pragma once

#include <cstdint>

#include "drivers/odbc/session.hpp"

namespace connector::odbc {

/// Passes over the first rows of an executed statement, none of whose columns is bound.
void skip_rows(Session& session, SQLHSTMT statement, std::int64_t rows, const Task& task);

}  // namespace connector::odbc
