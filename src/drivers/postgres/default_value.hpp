// What a column's default is.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/remote/table_parts.hpp"
#include "core/rows/logical_type.hpp"

namespace connector::postgres {

/// Nothing for NULL. `expression`: as pg_get_expr() prints it with standard_conforming_strings and a search_path of
/// pg_catalog alone; `remote_type`: of the column, as format_type() prints it; `type`: the local one.
std::optional<core::ColumnDefault> default_of(std::string_view expression, std::string_view remote_type,
                                              const core::LogicalType& type);

}  // namespace connector::postgres
