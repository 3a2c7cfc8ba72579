// Checksums of rows in MySQL's SQL.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace connector::mysql {

/// The function that hashes.
enum class Digest : unsigned char {
  md5,
  sha256,  ///< of which a row has the first half
};

/// A column whose values are hashed.
struct HashedColumn {
  std::string sql;               ///< its name, quoted
  std::string_view remote_type;  ///< "varchar(30)"
  bool not_null = false;         ///< declared so by a table
};

/// Whether row_hash() has a form for values of the type that tells all of them apart.
bool can_be_hashed(std::string_view remote_type);

/// The hash of a row of these columns, 16 bytes; NULL if the row's form is longer than the server's
/// max_allowed_packet. The form has each value, and a comma between two of them: numbers, dates and times as the server
/// writes them, which is never with a comma; texts and bytes as their length and, behind a comma, the bytes; those that
/// may be long as their hash. NULL is nothing where all else is something.
std::string row_hash(std::span<const HashedColumn> columns, Digest digest);

/// Sums what core::select_hashes() has written: a statement whose rows are core::RangeSumRow.
std::string sum_of_hashes(const std::string& hashes);

}  // namespace connector::mysql
