// Which local type a remote column gets, and how its values are read: the one place that knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/rows/logical_type.hpp"
#include "drivers/hive/result_rows.hpp"

namespace connector::hive {

/// How a value of the wire is read and stored.
enum class Decode : std::uint8_t {
  boolean,
  integer,
  float4,
  float8,
  decimal,
  text,
  bytes,
  date,
  timestamp,
  zoned_timestamp,  ///< text with a zone's name, for timestamptz's own input
  months_interval,
  days_interval,
  json,
};

struct ColumnRule {
  Decode decode = Decode::text;
  core::LogicalType type;
  core::ValueForm form = core::ValueForm::datum;
  std::string remote_type;  ///< in Hive's words, "decimal(10,2)"
};

/// The rule for a column of a result. `wanted`: the local type that was asked for.
ColumnRule column_rule(const rpc::TypeDesc& type, const std::optional<core::LogicalType>& wanted);

/// Whether a value that is read so may be one that PostgreSQL does not have.
bool may_be_invalid(Decode decode) noexcept;

/// Whether values of that kind can be read so.
bool can_decode(Decode decode, WireKind kind) noexcept;

}  // namespace connector::hive
