// What becomes of the types of ODBC.
#pragma once

#include <sql.h>
#include <sqlext.h>

#include <optional>
#include <string>

#include "core/remote/source.hpp"
#include "drivers/odbc/driver_traits.hpp"

namespace connector::odbc {

/// What the driver tells of a column of a result.
struct ColumnFacts {
  std::string name;
  SQLSMALLINT sql_type = SQL_UNKNOWN_TYPE;
  SQLULEN size = 0;
  SQLSMALLINT digits = 0;
  bool is_unsigned = false;
  SQLSMALLINT nullable = SQL_NULLABLE_UNKNOWN;
  std::string type_name;
};

/// Without not_null and comment, which metadata of tables tell. `encoding`: the one that was asked for.
core::RemoteColumn describe_column(const ColumnFacts& facts, const DriverTraits& traits,
                                   std::optional<core::LogicalType> wanted, const std::optional<std::string>& encoding);

}  // namespace connector::odbc
