#include "drivers/odbc/values.hpp"

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <span>
#include <string>

#include "core/rows/bit_text.hpp"
#include "core/rows/date_text.hpp"
#include "core/rows/decimal_text.hpp"
#include "core/rows/numeric.hpp"
#include "drivers/odbc/time_values.hpp"
#include "drivers/odbc/unicode_value.hpp"

namespace connector::odbc {

namespace {

template <typename Value>
Value read(std::string_view bytes) noexcept {
  Value value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

std::string_view trimmed(std::string_view text) noexcept {
  const std::size_t begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') + 1 - begin);
}

void set_integer(std::string_view text, std::size_t column, core::RowBatch& batch) {
  const std::string_view digits = trimmed(text);
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool is_integer = error == std::errc() && end == digits.data() + digits.size();
  const core::TypeKind kind = batch.column(column).type.kind;
  const bool fits = kind == core::TypeKind::int2   ? value == static_cast<std::int16_t>(value)
                    : kind == core::TypeKind::int4 ? value == static_cast<std::int32_t>(value)
                                                   : true;
  if (is_integer && fits) return batch.set_int(column, value);
  const bool is_too_large = is_integer || error == std::errc::result_out_of_range;
  batch.set_invalid(column, is_too_large ? "is out of range" : "is no integer", text);
}

void set_float(std::string_view text, std::size_t column, core::RowBatch& batch) {
  const std::string_view digits = trimmed(text);
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc() && end == digits.data() + digits.size()) return batch.set_float8(column, value);
  batch.set_invalid(column, error == std::errc::result_out_of_range ? "is out of range" : "is no number", text);
}

/// mdbtools has room for so many bytes of a text, and cuts a longer one without a word.
constexpr std::size_t most_bytes_of_mdbtools = 16383;

void set_text(const Decoder& decoder, std::string_view text, core::RowBatch& batch) {
  if (decoder.database == Database::mdbtools && text.size() == most_bytes_of_mdbtools) {
    return batch.set_invalid(decoder.column, "was cut by the driver, which gives no more than 16383 bytes", text);
  }
  batch.set_bytes(decoder.column, text);
}

/// SQLite has no booleans: they are numbers, or words as the writer liked.
void set_boolean(std::string_view text, std::size_t column, core::RowBatch& batch) {
  const std::string_view word = trimmed(text);
  if (word == "1" || word == "true" || word == "TRUE") return batch.set_bool(column, true);
  if (word == "0" || word == "false" || word == "FALSE") return batch.set_bool(column, false);
  batch.set_invalid(column, "is no boolean", text);
}

/// `1.5E+10`, ` 12 `, `+1` and `.5` without exponent, blanks and sign; nothing if it is no such number, or its exponent
/// is larger than any database has.
std::optional<std::string> plain_decimal(std::string_view text) {
  constexpr int most_exponent = 1000;
  text = trimmed(text);
  if (text.starts_with('+')) text.remove_prefix(1);
  const std::size_t letter = text.find_first_of("eE");
  if (letter == std::string_view::npos) return std::string(text);
  std::string_view exponent_text = text.substr(letter + 1);
  if (exponent_text.starts_with('+')) exponent_text.remove_prefix(1);
  int exponent = 0;
  const char* exponent_end = exponent_text.data() + exponent_text.size();
  const auto [end, error] = std::from_chars(exponent_text.data(), exponent_end, exponent);
  const bool negative = text.starts_with('-');
  std::string digits(text.substr(negative ? 1 : 0, letter - (negative ? 1 : 0)));
  if (digits.empty() || error != std::errc() || end != exponent_end || exponent > most_exponent ||
      exponent < -most_exponent) {
    return std::nullopt;
  }
  const std::size_t point = digits.find('.');
  auto places = static_cast<std::ptrdiff_t>(point == std::string::npos ? digits.size() : point) + exponent;
  if (point != std::string::npos) digits.erase(point, 1);
  if (places <= 0) {
    digits.insert(0, static_cast<std::size_t>(1 - places), '0');
    places = 1;
  }
  const auto whole = static_cast<std::size_t>(places);
  if (whole >= digits.size()) {
    digits.append(whole - digits.size(), '0');
  } else {
    digits.insert(whole, 1, '.');
  }
  return (negative ? "-" : "") + digits;
}

std::optional<core::NumericSpecial> special_number(std::string_view text) {
  if (text == "NaN") return core::NumericSpecial::nan;
  if (text == "Infinity") return core::NumericSpecial::infinity;
  if (text == "-Infinity") return core::NumericSpecial::minus_infinity;
  return std::nullopt;
}

void set_decimal(const Decoder& decoder, std::string_view text, core::RowBatch& batch) {
  const core::LogicalType& type = batch.column(decoder.column).type;
  const std::int32_t scale = type.length > 0 ? type.scale : -1;
  // MySQL sends quotients with more digits than it announces and would show.
  const auto excess = decoder.database == Database::mysql ? core::ExcessDigits::round : core::ExcessDigits::invalid;
  if (core::set_decimal(batch, decoder.column, text, type.length, scale, excess)) return;
  if (const auto special = special_number(text)) return batch.set_numeric(decoder.column, *special);
  const auto plain = plain_decimal(text);
  if (plain && core::set_decimal(batch, decoder.column, *plain, type.length, scale, excess)) return;
  batch.set_invalid(decoder.column, "is no decimal", text);
}

/// `$1,234.50`, as psqlodbc passes on what the server prints by the lc_monetary that the session has set. Other signs
/// than those make the value invalid.
void set_money(std::string_view text, std::size_t column, core::RowBatch& batch) {
  std::string digits;
  for (const char c : text) {
    if (c != '$' && c != ',') digits += c;
  }
  if (core::set_decimal(batch, column, digits, 0, -1, core::ExcessDigits::invalid)) return;
  batch.set_invalid(column, "is no amount of money in a known form", text);
}

void set_bits(std::string_view bytes, std::size_t column, core::RowBatch& batch) {
  const core::LogicalType& type = batch.column(column).type;
  const bool is_boolean = type.kind == core::TypeKind::boolean;
  const std::int32_t bits = is_boolean ? 1 : type.length;
  const auto number = core::bits_from_bytes(bytes, bits);
  if (!number) return batch.set_invalid(column, "has another number of bits than its column", bytes);
  if (is_boolean) return batch.set_bool(column, *number != 0);
  core::set_bit_string(batch, column, *number, bits);
}

/// The first three groups are numbers in the machine's order of bytes.
void set_uuid(std::string_view bytes, std::size_t column, core::RowBatch& batch) {
  const auto value = read<SQLGUID>(bytes);
  std::array<unsigned char, 16> ordered;
  for (std::size_t i = 0; i < 4; ++i) ordered[i] = static_cast<unsigned char>(value.Data1 >> (24 - 8 * i));
  for (std::size_t i = 0; i < 2; ++i) {
    ordered[4 + i] = static_cast<unsigned char>(value.Data2 >> (8 - 8 * i));
    ordered[6 + i] = static_cast<unsigned char>(value.Data3 >> (8 - 8 * i));
  }
  std::memcpy(ordered.data() + 8, value.Data4, sizeof value.Data4);
  batch.set_uuid(column, ordered);
}

}  // namespace

void store_value(const Decoder& decoder, std::string_view bytes, core::RowBatch& batch, Counts& counts) {
  const std::size_t column = decoder.column;
  switch (decoder.decode) {
    case Decode::boolean:
      return batch.set_bool(column, read<SQLCHAR>(bytes) != 0);
    case Decode::int16:
      return batch.set_int(column, read<SQLSMALLINT>(bytes));
    case Decode::int32:
      return batch.set_int(column, read<SQLINTEGER>(bytes));
    case Decode::int64:
      return batch.set_int(column, read<std::int64_t>(bytes));
    case Decode::float4:
      return batch.set_float4(column, read<SQLREAL>(bytes));
    case Decode::float8:
      return batch.set_float8(column, read<SQLDOUBLE>(bytes));
    case Decode::float4_of_double:
      return batch.set_float4(column, static_cast<float>(read<SQLDOUBLE>(bytes)));
    case Decode::date:
      return set_date(read<SQL_DATE_STRUCT>(bytes), column, batch);
    case Decode::time:
      return set_time(read<SQL_TIME_STRUCT>(bytes), column, batch);
    case Decode::timestamp:
      return set_timestamp(read<SQL_TIMESTAMP_STRUCT>(bytes), column, batch, counts);
    case Decode::uuid:
      return set_uuid(bytes, column, batch);
    case Decode::bytes:
      return batch.set_bytes(column, bytes);
    case Decode::text:
      return set_text(decoder, bytes, batch);
    case Decode::bits:
      return set_bits(bytes, column, batch);
    case Decode::wide_text:
      return set_wide_text(batch, column, bytes);
    case Decode::integer_text:
      return set_integer(bytes, column, batch);
    case Decode::float_text:
      return set_float(bytes, column, batch);
    case Decode::decimal_text:
      return set_decimal(decoder, bytes, batch);
    case Decode::money_text:
      return set_money(bytes, column, batch);
    case Decode::boolean_text:
      return set_boolean(bytes, column, batch);
    case Decode::date_text:
    case Decode::time_text:
    case Decode::time_interval_text:
    case Decode::timestamp_text:
    case Decode::offset_timestamp_text:
    case Decode::interval_text:
      return set_time_text(decoder, bytes, batch, counts);
  }
}

}  // namespace connector::odbc
