// How much of a value MySQL and MariaDB sort by.
//
// Of a longer value they compare so many bytes alone, for an order and for groups that they find by sorting ("Server
// System Variables", max_sort_length); tried on MariaDB 10.11 and MySQL 5.6: texts that differ behind them are one
// group.
#pragma once

#include "core/remote/source.hpp"

namespace connector::mysql {

/// Of the longest value that is sorted there: servers of old make each key of a sort as long, and the smallest sort
/// buffer has room for a few of these.
constexpr unsigned long max_sort_bytes = 4096;

/// What sessions set max_sort_length to: behind the bytes of a value stands their number, in up to four more, which are
/// counted, too (suffix_length() in filesort.cc; tried on MariaDB 10.11 and MySQL 5.6).
constexpr unsigned long max_sort_length = max_sort_bytes + 4;

/// Whether no value of the column, as it is compared, is longer.
bool sorts_whole(const core::RemoteColumn& column);

}  // namespace connector::mysql
