// What the driver tells of the columns of a statement that was prepared or executed.
#pragma once

#include <vector>

#include "drivers/odbc/session.hpp"
#include "drivers/odbc/types.hpp"

namespace connector::odbc {

/// In their order; empty = the statement has no result.
std::vector<ColumnFacts> result_columns(Session& session, SQLHSTMT statement, const Task& task);

}  // namespace connector::odbc
