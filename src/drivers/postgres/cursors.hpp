// The two ways rows come in.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/remote/source.hpp"
#include "drivers/postgres/row_decoder.hpp"
#include "drivers/postgres/session.hpp"
#include "drivers/postgres/types.hpp"

namespace connector::postgres {

// Destroyed early, or when it failed to open, a cursor leaves the remote statement as Session::leave_statement() does.
// What begins here ends the transaction with its last row, so that the remote server need not keep old rows for us any
// longer; or, where the session holds a snapshot, is within a savepoint of that transaction.

struct ReadStatement {
  std::string before{};         ///< settings, each with its semicolon
  std::string sql{};            ///< what has the rows
  std::string after{};          ///< settings for what comes next, each behind a semicolon
  std::string look{};           ///< copying: a statement without rows, with its semicolon; empty = none
  std::vector<TypeUse> seen{};  ///< what the columns of that must be: else the source has changed
};

/// Starts a statement whose rows come by COPY.
std::unique_ptr<core::RemoteCursor> open_copy(Session& session, const ReadStatement& statement,
                                              std::vector<Decode> columns, std::string summary);

/// Starts one whose rows come in text form. `selected`: its columns that are wanted, in the order of the batch;
/// `types`: the OIDs of all its columns, which must still be so.
std::unique_ptr<core::RemoteCursor> open_query(Session& session, const ReadStatement& statement,
                                               std::vector<std::size_t> selected, std::vector<std::uint32_t> types,
                                               std::string summary);

}  // namespace connector::postgres
