// The two ways rows come in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/remote/source.hpp"
#include "drivers/postgres/row_decoder.hpp"
#include "drivers/postgres/session.hpp"

namespace connector::postgres {

// Destroyed early, a cursor stops the remote statement; then the session is of no more use.

/// Starts `sql`, a message whose one statement with rows is COPY … TO STDOUT (FORMAT binary).
std::unique_ptr<core::RemoteCursor> open_copy(Session& session, const std::string& sql, std::vector<Decode> columns,
                                              std::string summary);

/// Starts `sql`, one statement whose rows come in text form. `selected`: its columns that are wanted, in the order of
/// the batch; `types`: the OIDs of all its columns, which must still be so.
std::unique_ptr<core::RemoteCursor> open_query(Session& session, const std::string& sql,
                                               std::vector<std::size_t> selected, std::vector<std::uint32_t> types,
                                               std::string summary);

}  // namespace connector::postgres
