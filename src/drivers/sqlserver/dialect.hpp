// T-SQL as far as the driver writes it.
#pragma once

#include <string>
#include <string_view>

#include "core/remote/dialect.hpp"

namespace connector::sqlserver {

/// `[name]`, a closing bracket doubled.
std::string quote_identifier(std::string_view name);

/// `[database].[schema].[table]`.
std::string quote_table(std::string_view database, std::string_view schema, std::string_view table);

/// `N'text'`, a quote doubled; backslashes have no meaning.
std::string quote_literal(std::string_view text);

/// Conditions, orders and statements. Columns are known by RemoteColumn::remote_type.
const core::Dialect& dialect() noexcept;

}  // namespace connector::sqlserver
