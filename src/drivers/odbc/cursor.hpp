// The rows of a statement that was executed.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/remote/source.hpp"
#include "drivers/odbc/handles.hpp"
#include "drivers/odbc/session.hpp"
#include "drivers/odbc/types.hpp"

namespace connector::odbc {

/// A column of a scan.
struct CursorColumn {
  std::size_t wire_column = 0;  ///< in the result, from 1
  ColumnFacts facts{};
  core::RemoteColumn described{};
};

/// Executes the statement again; its cursor was closed before. Throws as the first execution did.
using ExecuteAgain = std::function<void(SQLHSTMT statement)>;

/// The cursor owns the statement; session and source outlive it. `execute_again`: for drivers that told a size which
/// the first rows do not keep, and that can't give a value a second time; without it that is an Error.
std::unique_ptr<core::RemoteCursor> make_cursor(Session& session, StatementHandle executed,
                                                std::vector<CursorColumn> columns, std::string summary,
                                                ExecuteAgain execute_again = {});

}  // namespace connector::odbc
