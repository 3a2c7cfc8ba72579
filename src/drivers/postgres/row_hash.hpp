// Checksums of rows in PostgreSQL's SQL.
#pragma once

#include <string>

namespace connector::postgres {

/// The md5 of a row of these expressions, a list with commas, as 32 hexadecimal digits; never NULL. What is hashed is
/// what record_send() writes: the number of values, and for each the OID of its type, its length or -1, and its bytes
/// as the send function of its type makes them, which is also what a binary COPY has.
std::string row_hash(const std::string& list);

/// Sums what core::select_hashes() has written: a statement whose rows are core::RangeSumRow.
std::string sum_of_hashes(const std::string& hashes);

}  // namespace connector::postgres
