// Words that would need quotes as a name, or mean something else.
#pragma once

#include <string_view>

namespace connector::core {

/// A lower-case table name that must not be used as it is.
bool is_reserved_table_name(std::string_view name) noexcept;

/// A lower-case column name that must not be used as it is.
bool is_reserved_column_name(std::string_view name) noexcept;

}  // namespace connector::core
