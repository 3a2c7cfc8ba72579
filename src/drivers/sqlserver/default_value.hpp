// What a column's default is.
#pragma once

#include <optional>
#include <string_view>

#include "core/remote/table_parts.hpp"
#include "core/rows/logical_type.hpp"

namespace connector::sqlserver {

/// Nothing for NULL. `definition`: of sys.default_constraints; `remote_type`: of the column, "nvarchar(20)"; `type`:
/// the local one.
std::optional<core::ColumnDefault> default_of(std::string_view definition, std::string_view remote_type,
                                              const core::LogicalType& type);

}  // namespace connector::sqlserver
