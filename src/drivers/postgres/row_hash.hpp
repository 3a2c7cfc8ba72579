// Checksums of rows in PostgreSQL's SQL.
#pragma once

#include <string>

namespace connector::postgres {

/// What is known of a row of these expressions, a list with commas, as text; never NULL. It is what record_send()
/// writes: the number of values, and for each the OID of its type, its length or -1, and its bytes as the send function
/// of its type makes them, which is also what a binary COPY has. `server`: its version, 150020. From 11 on this is the
/// bytes in hexadecimal digits, which sum_of_hashes() hashes; before, their md5.
std::string row_hash(const std::string& list, int server);

/// Sums what core::select_hashes() has written: a statement whose rows are core::RangeSumRow.
std::string sum_of_hashes(const std::string& hashes, int server);

}  // namespace connector::postgres
