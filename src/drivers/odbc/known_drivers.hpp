// Drivers of which more is known than they tell: by what attributes they stream results and lose nothing, and what they
// can't do.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace connector::odbc {

/// What a driver makes of a value in braces in a connection string.
enum class Braces : std::uint8_t {
  taken_off,         ///< as the documentation of SQLDriverConnect has it
  taken_undoubled,   ///< taken off, but a closing one inside is not doubled
  of_known_keys,     ///< taken off in attributes that the driver knows; of others it looks for the next semicolon
  of_password_only,  ///< only those of PWD; a part of all other values
  kept               ///< a part of the value, or nobody knows
};

struct DriverAttribute {
  std::string_view name;
  std::string_view value;
};

struct KnownDriver {
  /// The name of its library begins so; `lib` before it is passed over on both sides.
  std::string_view library;
  /// Written unless the request has the attribute.
  std::span<const DriverAttribute> defaults = {};
  Braces braces = Braces::taken_off;
  bool describes_prepared = false;  ///< DriverTraits
  bool times_as_text = false;       ///< likewise
  bool buffers_results = false;     ///< likewise
};

/// What is known of a driver by its library, a file name with or without a path; of those that are not known, nothing
/// special.
const KnownDriver& known_driver(std::string_view library) noexcept;

}  // namespace connector::odbc
