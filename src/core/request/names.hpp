// Local names for remote tables and columns: pure functions over UTF-8.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace connector::core {

/// PostgreSQL's limit for a name, in bytes (NAMEDATALEN - 1).
inline constexpr std::size_t max_name_bytes = 63;

/// A table name by the rules of CARTO's importer, without its errors: lower-case letters without accents, digits and
/// underscores: `mañolo` → `manolo`. Applied to its own result it changes nothing.
std::string normalize_table_name(std::string_view remote_name);

/// Column names by version 2 of those rules, without its errors, unique among themselves by `_1`, `_2`, …; a name that
/// is empty before normalisation becomes `column_N` (N = its position from 1). Applied to its own result it changes
/// nothing.
std::vector<std::string> normalize_column_names(const std::vector<std::string>& remote_names);

/// Column names as they are, cut to 63 bytes at a character. Throws Error (duplicated_column) naming the columns that
/// are then equal; unnamed columns become `column_N`.
std::vector<std::string> verbatim_column_names(const std::vector<std::string>& remote_names);

/// The first of `name`, `name_1`, `name_2`, … that `taken` denies, with the stem cut so that the suffix fits in 63
/// bytes. Throws Error (bad_name) after 10,000 tries.
std::string unused_name(std::string_view name, const std::function<bool(const std::string&)>& taken);

}  // namespace connector::core
