#include "core/remote/key_values.hpp"

#include <string_view>

#include <gtest/gtest.h>

namespace connector::core {
namespace {

const LogicalType int8{.kind = TypeKind::int8};
const LogicalType date{.kind = TypeKind::date};
const LogicalType uuid{.kind = TypeKind::uuid};

LogicalType numeric(int precision, int scale = 0) {
  return {.kind = TypeKind::numeric, .length = precision, .scale = scale};
}

LogicalType timestamp(int digits, TypeKind kind = TypeKind::timestamp) {
  return {.kind = kind, .length = digits};
}

/// What becomes of the value, and of the values beside it.
std::string beside(const LogicalType& type, std::string_view value, int steps) {
  const std::optional<KeyPlace> place = place_of(type, value);
  return place ? value_at(type, *place + static_cast<KeyPlace>(static_cast<__int128>(steps))) : "none";
}

TEST(KeyValues, AreWrittenAsTheyWereRead) {
  for (const char* value : {"0", "1", "-1", "10", "-10", "9223372036854775807", "-9223372036854775808"}) {
    EXPECT_EQ(beside(int8, value, 0), value);
  }
  for (const char* value : {"18446744073709551615", "0", "12345678901234567890"}) {
    EXPECT_EQ(beside(numeric(20), value, 0), value);
  }
  const std::string nines(38, '9');
  EXPECT_EQ(beside(numeric(38), nines, 0), nines);
  EXPECT_EQ(beside(numeric(38), '-' + nines, 0), '-' + nines);
  for (const char* value : {"0001-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "9999-12-31"}) {
    EXPECT_EQ(beside(date, value, 0), value);
  }
  for (const char* value :
       {"0001-01-01 00:00:00", "1969-12-31 23:59:59.999999", "2000-01-01 00:00:00", "9999-12-31 23:59:59.999999"}) {
    EXPECT_EQ(beside(timestamp(6), value, 0), value);
    EXPECT_EQ(beside(timestamp(-1), value, 0), value);
    EXPECT_EQ(beside(timestamp(6, TypeKind::timestamptz), std::string(value) + "+00", 0), std::string(value) + "+00");
  }
  for (const char* value : {"00000000-0000-0000-0000-000000000000", "01234567-89ab-cdef-0123-456789abcdef",
                            "ffffffff-ffff-ffff-ffff-ffffffffffff"}) {
    EXPECT_EQ(beside(uuid, value, 0), value);
  }
}

TEST(KeyValues, StandInTheirOrder) {
  EXPECT_EQ(beside(int8, "-1", 1), "0");
  EXPECT_EQ(beside(int8, "0", -1), "-1");
  EXPECT_EQ(beside(int8, "99", 1), "100");
  EXPECT_EQ(beside(date, "1969-12-31", 1), "1970-01-01");
  EXPECT_EQ(beside(date, "1900-03-01", -1), "1900-02-28");
  EXPECT_EQ(beside(timestamp(6), "1969-12-31 23:59:59.999999", 1), "1970-01-01 00:00:00");
  EXPECT_EQ(beside(timestamp(0), "1969-12-31 23:59:59", 1), "1970-01-01 00:00:00");
  EXPECT_EQ(beside(timestamp(0), "1970-01-01 00:00:00", -1), "1969-12-31 23:59:59");
  EXPECT_EQ(beside(timestamp(2), "2020-01-02 03:04:05.19", 1), "2020-01-02 03:04:05.2");
  EXPECT_EQ(beside(uuid, "00000000-0000-0000-ffff-ffffffffffff", 1), "00000000-0000-0001-0000-000000000000");
}

TEST(KeyValues, OfOtherYearsStandAtTheEnds) {
  for (const char* value : {"-infinity", "4713-01-01 BC", "0001-12-31 BC"}) {
    EXPECT_EQ(beside(date, value, 0), "0001-01-01") << value;
    EXPECT_EQ(beside(timestamp(6), value, 0), "0001-01-01 00:00:00") << value;
  }
  EXPECT_EQ(beside(timestamp(0), "4713-01-01 00:00:00 BC", 0), "0001-01-01 00:00:00");
  for (const char* value : {"infinity", "10000-01-01", "5874897-12-31"}) {
    EXPECT_EQ(beside(date, value, 0), "9999-12-31") << value;
    EXPECT_EQ(beside(timestamp(3), value, 0), "9999-12-31 23:59:59.999") << value;
  }
}

TEST(KeyValues, ThatHaveNoPlace) {
  for (const char* value : {"", "-", "1.5", "NaN", "1e3", "123456789012345678901234567890123456789"}) {
    EXPECT_EQ(place_of(int8, value), std::nullopt) << value;
  }
  for (const char* value : {"", "0000-00-00", "2020-02-30", "2020-01-02 00:00:00", "yesterday"}) {
    EXPECT_EQ(place_of(date, value), std::nullopt) << value;
  }
  for (const char* value : {"2020-01-02", "2020-01-02 25:61:00", "2020-01-02 00:00:00+01"}) {
    EXPECT_EQ(place_of(timestamp(6), value), std::nullopt) << value;
  }
  for (const char* value : {"", "0123", "0123456789abcdefg123456789abcdef"}) {
    EXPECT_EQ(place_of(uuid, value), std::nullopt) << value;
  }
  EXPECT_EQ(place_of({.kind = TypeKind::text}, "1"), std::nullopt);
  EXPECT_FALSE(has_places(numeric(0)));
  EXPECT_FALSE(has_places(numeric(39)));
  EXPECT_FALSE(has_places(numeric(10, 2)));
  EXPECT_FALSE(has_places({.kind = TypeKind::float8}));
}

}  // namespace
}  // namespace connector::core
