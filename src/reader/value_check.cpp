#include "reader/value_check.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/rows/numeric.hpp"

namespace connector::reader {

using core::TypeKind;
using core::ValueForm;

namespace {

template <typename Number>
bool fits(std::int64_t word) noexcept {
  return word >= std::numeric_limits<Number>::min() && word <= std::numeric_limits<Number>::max();
}

// Of src/include/datatype/timestamp.h, by the epoch of 2000-01-01: what is outside is no date, but for the infinities.
constexpr std::int64_t first_day = -2'451'545;
constexpr std::int64_t behind_last_day = 2'145'031'949;
constexpr std::int64_t microseconds_of_day = 86'400'000'000;
constexpr std::int64_t first_moment = -211'813'488'000'000'000;
constexpr std::int64_t behind_last_moment = 9'223'371'331'200'000'000;

template <typename Number>
bool is_infinite(std::int64_t word) noexcept {
  return word == std::numeric_limits<Number>::min() || word == std::numeric_limits<Number>::max();
}

/// The payload of a bit string: the number of bits, and the bits, from the highest of each byte; those that fill the
/// last byte are 0.
bool is_bit_string(std::string_view payload) noexcept {
  std::int32_t bits;
  if (payload.size() < sizeof bits) return false;
  std::memcpy(&bits, payload.data(), sizeof bits);
  payload.remove_prefix(sizeof bits);
  if (bits < 0 || (static_cast<std::size_t>(bits) + 7) / 8 != payload.size()) return false;
  return bits % 8 == 0 || (static_cast<unsigned char>(payload.back()) & (0xff >> bits % 8)) == 0;
}

constexpr std::size_t most_parts = 10'000;
constexpr std::size_t most_text_bytes = 64 * 1024;

}  // namespace

bool is_datum_of(TypeKind kind, std::int64_t word) noexcept {
  switch (kind) {
    case TypeKind::boolean:
      return word == 0 || word == 1;
    case TypeKind::int2:
      return fits<std::int16_t>(word);
    case TypeKind::int4:
    case TypeKind::float4:
      return fits<std::int32_t>(word);
    case TypeKind::date:
      return is_infinite<std::int32_t>(word) || (word >= first_day && word < behind_last_day);
    case TypeKind::time:
      return word >= 0 && word <= microseconds_of_day;
    case TypeKind::timestamp:
    case TypeKind::timestamptz:
      return is_infinite<std::int64_t>(word) || (word >= first_moment && word < behind_last_moment);
    default:
      return true;
  }
}

void set_sixteen_bytes(core::RowBatch& batch, std::size_t column, const char* bytes) {
  if (batch.column(column).type.kind == TypeKind::uuid) {
    unsigned char uuid[16];
    std::memcpy(uuid, bytes, sizeof uuid);
    batch.set_uuid(column, uuid);
    return;
  }
  // As src/include/datatype/timestamp.h has it.
  struct {
    std::int64_t microseconds;
    std::int32_t days;
    std::int32_t months;
  } interval;
  static_assert(sizeof interval == 16);
  std::memcpy(&interval, bytes, sizeof interval);
  batch.set_interval(column, interval.months, interval.days, interval.microseconds);
}

bool is_payload_of(const core::BatchColumn& column, std::string_view payload) noexcept {
  if (column.form != ValueForm::datum) return true;
  switch (column.type.kind) {
    case TypeKind::numeric:
      return core::is_numeric_payload(payload);
    case TypeKind::bit:
    case TypeKind::varbit:
      return is_bit_string(payload);
    default:
      return true;
  }
}

bool is_allowed(const core::LogicalType& type, ValueForm form) noexcept {
  if (!type.name.empty() || !type.extension.empty()) return false;
  switch (type.kind) {
    case TypeKind::named:
      return false;
    case TypeKind::timetz:
    case TypeKind::text:
    case TypeKind::varchar:
    case TypeKind::bpchar:
    case TypeKind::json:
    case TypeKind::jsonb:
    case TypeKind::xml:
    case TypeKind::geometry:
    case TypeKind::geography:
      return form != ValueForm::datum;
    default:
      return true;
  }
}

bool is_answer_to(core::AggregateFunction function, const core::RemoteColumn& asked,
                  const core::RemoteColumn& told) noexcept {
  const TypeKind kind = told.type.kind;
  switch (function) {
    case core::AggregateFunction::count_rows:
    case core::AggregateFunction::count:
    case core::AggregateFunction::count_distinct:
      return told.form == ValueForm::datum && (kind == TypeKind::int8 || kind == TypeKind::numeric);
    case core::AggregateFunction::sum:
      return told.form == ValueForm::datum &&
             (kind == TypeKind::int2 || kind == TypeKind::int4 || kind == TypeKind::int8 || kind == TypeKind::numeric);
    case core::AggregateFunction::minimum:
    case core::AggregateFunction::maximum:
      return told.type == asked.type && told.form == asked.form && told.encoding == asked.encoding;
  }
  return false;
}

bool is_division(std::span<const std::string> parts) noexcept {
  return parts.size() <= most_parts && std::ranges::all_of(parts, [](const std::string& part) {
           return !part.empty() && part.size() <= most_text_bytes;
         });
}

bool is_state_text(std::string_view text) noexcept {
  return text.size() <= most_text_bytes;
}

}  // namespace connector::reader
