// How tests write what a column's default was found to be.
#pragma once

#include <optional>
#include <string>

#include "core/remote/table_parts.hpp"
#include "core/rows/logical_type.hpp"

namespace connector {

/// "none", the kind, or the kind and its text.
inline std::string shown_default(const std::optional<core::ColumnDefault>& value) {
  if (!value) return "none";
  switch (value->kind) {
    case core::ColumnDefault::Kind::constant:
      return "constant " + value->text;
    case core::ColumnDefault::Kind::current_time:
      return "current time";
    case core::ColumnDefault::Kind::current_utc_time:
      return "current UTC time";
    case core::ColumnDefault::Kind::random_uuid:
      return "uuid";
    case core::ColumnDefault::Kind::other:
      break;
  }
  return "other " + value->text;
}

inline core::LogicalType local_type(core::TypeKind kind, std::int32_t length = 0) {
  core::LogicalType type;
  type.kind = kind;
  type.length = length;
  return type;
}

}  // namespace connector
