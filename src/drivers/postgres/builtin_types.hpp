// PostgreSQL's own types by their OIDs, which are fixed for good (src/include/catalog/pg_type.dat; "OIDs assigned in
// the catalogs are stable"). A type that is not here is looked up in the remote catalog.
#pragma once

#include <cstdint>
#include <string_view>

#include "core/rows/logical_type.hpp"
#include "drivers/postgres/row_decoder.hpp"

namespace connector::postgres {

using Oid = std::uint32_t;

/// How values of a type come.
enum class Arrival : std::uint8_t {
  decoded,  ///< in binary form, decoded here
  receive,  ///< in binary form, for the local type's receive function
  text,     ///< cast to text, for the local type's input function
  as_text,  ///< cast to text, and kept so: it has no binary form, or means something on its own server only
};

struct BuiltinType {
  Oid oid;
  Oid array_oid;  ///< 0 = none
  std::string_view name;
  Arrival arrival;
  core::TypeKind kind = core::TypeKind::named;
  Decode decode = Decode::bytes;
};

/// Null if there is none.
const BuiltinType* find_builtin(Oid oid) noexcept;
/// The built-in type that `oid` is the array of, or null.
const BuiltinType* find_builtin_element(Oid oid) noexcept;

inline constexpr Oid money_oid = 790;

}  // namespace connector::postgres
