// Checksums of the local rows by ranges of the key.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "core/remote/range_sums.hpp"
#include "load/ranges/range_key.hpp"
#include "load/table/target.hpp"
#include "pg/spi.hpp"

namespace connector::load {

/// One sum for each range, and one for rows whose key is NULL, as Source::sum_ranges() gives them of the remote's rows:
/// of other hashes, of the values as they are stored, so that both sides' sums are never compared with each other.
/// `columns` are quoted names; `scope` is a condition on the alias t, empty = all rows. Reads as the current role, in
/// one pass, what `sees` says.
std::vector<core::RangeSum> sum_local_ranges(const RefreshTarget& target, const RangeKey& key,
                                             const std::vector<std::string>& columns,
                                             const std::vector<std::string>& bounds, const std::string& scope,
                                             pg::Sees sees);

}  // namespace connector::load
