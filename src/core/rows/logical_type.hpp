// The type of a column, in PostgreSQL's terms but without PostgreSQL's headers.
#pragma once

#include <cstdint>
#include <string>

namespace connector::core {

/// PostgreSQL's types as far as the connector treats them one by one. `named` is any other type: its
/// values travel in text or binary form and are read by that type's own input or receive function.
enum class TypeKind : std::uint8_t {
  boolean,
  int2,
  int4,
  int8,
  float4,
  float8,
  numeric,
  text,
  varchar,
  bpchar,
  bytea,
  date,
  time,
  timetz,
  timestamp,
  timestamptz,
  interval,
  uuid,
  json,
  jsonb,
  xml,
  bit,
  varbit,
  geometry,   ///< PostGIS geometry; bytea (WKB) where PostGIS is not installed
  geography,  ///< PostGIS geography; likewise
  named,
};

/// How the values of a column stand in a RowBatch.
enum class ValueForm : std::uint8_t {
  datum,    ///< the Datum itself: pass-by-value bits, or a pointer to the stored form (varlena, uuid, interval)
  text,     ///< pointer to a varlena whose payload is text in the column's encoding, NUL-terminated behind the
            ///< payload; the loader checks or converts the encoding. For text types this is the stored form, for
            ///< others the loader calls the type's input function
  receive,  ///< pointer to a varlena whose payload is the type's binary (receive) form; EWKB for geometry
};

struct LogicalType {
  TypeKind kind = TypeKind::text;
  /// numeric: precision (0 = unconstrained); varchar, bpchar: characters (0 = unlimited); bit, varbit: bits
  /// (0 = unlimited); time, timetz, timestamp, timestamptz, interval: fractional digits (-1 = not constrained).
  std::int32_t length = 0;
  std::int32_t scale = 0;  ///< numeric: digits behind the point
  std::int32_t srid = 0;   ///< geometry, geography: 0 = unknown or mixed
  /// named: as format_type() prints it, with schema if needed; geometry, geography: "Z", "M", "ZM" if all have these
  std::string name = {};
  /// named, in text form: the extension that the type belongs to, in whatever schema. Where it is not installed the
  /// values become text.
  std::string extension = {};

  bool operator==(const LogicalType&) const = default;
};

/// The type as SQL text for a column definition, `numeric(12,2)`. `named` gives its name, geometry and geography
/// give `geometry`/`geography` without modifier (the loader decides what they become).
std::string sql_type_name(const LogicalType& type);

/// True for the kinds whose ValueForm::text payload is itself the stored value: text, varchar, bpchar.
/// (json and xml are stored as text too, but must pass their input function, which checks them.)
bool is_text_kind(TypeKind kind) noexcept;

/// Whether there is a decimal, of at most so many digits, that has all digits of two of declared digits: what servers
/// compare them in.
bool have_common_decimal(const LogicalType& left, const LogicalType& right, std::int32_t most_digits) noexcept;

}  // namespace connector::core
