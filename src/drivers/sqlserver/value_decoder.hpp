// Values in db-lib's binary form, into a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "core/rows/row_batch.hpp"
#include "drivers/sqlserver/types.hpp"

namespace connector::sqlserver {

/// Stores a value that is not NULL. `bytes` is what dbdata() and dbdatlen() give: the structs of sybdb.h, in the CPU's
/// byte order. A value whose size does not fit its type is an Error.
void decode_value(Decode decode, std::span<const unsigned char> bytes, std::size_t column, core::RowBatch& batch);

/// Stores bytes as hexadecimal digits, as the server shows them: 0x01FF.
void set_digits(std::span<const unsigned char> bytes, std::size_t column, core::RowBatch& batch);

/// 100 ns since midnight, seven digits, to microseconds as the server's own cast rounds: half up. A time that would
/// reach midnight starts again at 00:00.
std::int64_t round_time(std::uint64_t ticks) noexcept;

}  // namespace connector::sqlserver
