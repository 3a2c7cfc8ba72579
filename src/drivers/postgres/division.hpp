// A table in parts, each a condition on its rows: by blocks of its storage, else by values of a key. Where the table
// may be given partitions or children while it is read, each part asks for those that it has by the snapshot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "core/remote/dialect.hpp"
#include "drivers/postgres/session.hpp"

namespace connector::postgres {

/// See core::Source::divide(). `table`: quoted, with its schema; it was described in the open transaction. Asks the
/// server once where it can go by blocks.
std::vector<std::string> divide_table(Session& session, const std::string& table, const core::Dialect& dialect,
                                      std::size_t wanted);

/// Whether all that a SELECT of the table reads lies where it can be divided: an expression.
std::string is_divisible(const Session& session, const std::string& table);

/// Conditions on ctid, in exactly one of which each row of each relation lies: the same blocks of all of them.
/// `blocks`: what each relation has; no part is to have fewer than some of each. The last part has no end: rows that
/// came later lie there. At least one part.
std::vector<std::string> block_ranges(std::span<const std::uint64_t> blocks, std::size_t wanted);

}  // namespace connector::postgres
