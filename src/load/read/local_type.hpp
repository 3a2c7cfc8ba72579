// Local types: from the connector's logical types and from what a request asks for.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <string_view>

#include "core/rows/logical_type.hpp"

namespace connector::load {

/// A type of this database.
struct LocalType {
  Oid oid = InvalidOid;
  int32 typmod = -1;
  std::string sql;    ///< for SQL: qualified, in the database's encoding
  std::string shown;  ///< for people: as format_type() prints it

  bool operator==(const LocalType& other) const noexcept { return oid == other.oid && typmod == other.typmod; }
};

/// The type that holds values of `type`: PostGIS's geometry and geography where PostGIS is installed, else bytea (WKB).
LocalType local_type(const core::LogicalType& type);

/// The type named by SQL text of a request (UTF-8). Throws core::Error (invalid_parameters) naming `column`.
LocalType parse_local_type(std::string_view sql, std::string_view column);

/// The type with that OID and modifier.
LocalType local_type_of(Oid oid, int32 typmod);

/// What a driver is told of a type that a request asked for.
core::LogicalType logical_type(const LocalType& type);

}  // namespace connector::load
