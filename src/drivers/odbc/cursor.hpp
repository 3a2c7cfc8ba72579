// The rows of a statement that was executed.
#pragma once

#include <cstddef>
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
  ColumnFacts facts;
  core::RemoteColumn described;
};

/// The cursor owns the statement; session and source outlive it.
std::unique_ptr<core::RemoteCursor> make_cursor(Session& session, StatementHandle executed,
                                                std::vector<CursorColumn> columns, std::string summary);

}  // namespace connector::odbc
