// Checksums of rows in T-SQL.
#pragma once

#include <span>
#include <string>

#include "drivers/sqlserver/types.hpp"

namespace connector::sqlserver {

/// A column whose values are hashed.
struct HashedColumn {
  std::string sql;         ///< its name, quoted
  const ColumnRule* rule;  ///< how it is read; not null
  bool not_null = false;   ///< declared so by a table
};

/// Whether row_hash() has a form for values of the type that tells all of them apart that are told apart here.
bool can_be_hashed(const ColumnRule& rule);

/// The md5 of a row of these columns, 16 bytes. What is hashed are the values one behind the other: those of a fixed
/// size as their bytes, behind 0x01 if they might be NULL; others as their length in four bytes, and their bytes; those
/// that may be long as their md5, behind 0x01 if they might be NULL. NULL is 0x00, or 0xFFFFFFFF in the place of a
/// length. Decimals, dates and times are the bytes of their text, since the bytes that they are cast to are no promise
/// ("CAST and CONVERT"). What is rewritten to be read is rewritten to be hashed.
std::string row_hash(std::span<const HashedColumn> columns);

/// Sums what core::select_hashes() has written: a statement whose rows are core::RangeSumRow.
std::string sum_of_hashes(const std::string& hashes);

}  // namespace connector::sqlserver
