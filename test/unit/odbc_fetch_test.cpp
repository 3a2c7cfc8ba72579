#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "drivers/odbc/bound_rows.hpp"
#include "drivers/odbc/fetch_plan.hpp"
#include "drivers/odbc/long_value.hpp"

namespace connector::odbc {
namespace {

Reading fixed() {
  return {.decode = Decode::int32, .c_type = SQL_C_SLONG, .fixed_bytes = 4, .unit_bytes = 1, .end_bytes = 1};
}
Reading text(std::size_t units) {
  return {.decode = Decode::wide_text, .c_type = SQL_C_WCHAR, .expected_units = units};
}

DriverTraits gets(bool any_column, bool bound, bool block) {
  DriverTraits traits;
  traits.any_column_get_data = any_column;
  traits.bound_get_data = bound;
  traits.block_get_data = block;
  return traits;
}

TEST(OdbcFetch, PlansByWhatTheDriverCan) {
  const Reading columns[] = {fixed(), text(0), fixed(), text(20)};
  // All at once, as whatever is longer can be asked for: of a driver that is known to do so.
  DriverTraits known = gets(true, true, true);
  known.database = Database::postgres;
  auto plan = plan_fetch(columns, known, FetchMode::quick);
  EXPECT_GT(plan.rows, 100U);
  EXPECT_TRUE(std::ranges::all_of(plan.bound_bytes, [](std::size_t bytes) { return bytes > 0; }));
  // One row at a time; what is long is asked for.
  plan = plan_fetch(columns, gets(true, true, false), FetchMode::quick);
  EXPECT_EQ(plan.rows, 1U);
  EXPECT_EQ(plan.bound_bytes[1], 0U);
  EXPECT_GT(plan.bound_bytes[3], 0U);
  // And nothing behind it is bound, if the driver gives only columns behind the last bound one.
  plan = plan_fetch(columns, gets(false, false, false), FetchMode::quick);
  EXPECT_EQ(plan.rows, 1U);
  EXPECT_GT(plan.bound_bytes[0], 0U);
  EXPECT_EQ(plan.bound_bytes[2], 0U);
  EXPECT_EQ(plan.bound_bytes[3], 0U);
}

TEST(OdbcFetch, ReadsOneByOneWhereASizeMayBeWrong) {
  const Reading columns[] = {fixed(), text(20)};
  EXPECT_GT(plan_fetch(columns, gets(false, false, false), FetchMode::quick).rows, 100U);
  EXPECT_EQ(plan_fetch(columns, gets(true, true, false), FetchMode::quick).rows, 1U);
  const FetchPlan careful = plan_fetch(columns, gets(false, false, false), FetchMode::careful);
  EXPECT_EQ(careful.rows, 1U);
  EXPECT_GT(careful.bound_bytes[0], 0U);
  EXPECT_EQ(careful.bound_bytes[1], 0U);
}

TEST(OdbcFetch, WideRowsAreFewAtATime) {
  const std::vector<Reading> columns(500, text(1020));
  const FetchPlan plan = plan_fetch(columns, gets(true, true, true), FetchMode::quick);
  EXPECT_EQ(plan.rows, 1U);
  const BoundRows rows(plan, columns);
  EXPECT_EQ(rows.rows(), 1U);
}

TEST(OdbcFetch, AValueHasRoomForItsEnd) {
  const Reading columns[] = {text(10)};
  const FetchPlan plan = plan_fetch(columns, gets(false, false, false), FetchMode::quick);
  BoundRows rows(plan, columns);
  rows.forget();
  EXPECT_EQ(rows.value(0, 0).length, BoundRows::nothing_told);
  EXPECT_EQ(rows.value(0, 0).room, plan.bound_bytes[0] - sizeof(SQLWCHAR));
}

/// A driver that gives a value piece by piece.
class Pieces {
 public:
  explicit Pieces(std::string value, std::size_t end_bytes) : value_(std::move(value)), end_bytes_(end_bytes) {}
  bool tells_total = true;

  SQLRETURN operator()(char* to, SQLLEN room, SQLLEN& length) {
    if (given_ == value_.size() && given_ > 0) return SQL_NO_DATA;
    const std::size_t left = value_.size() - given_;
    const std::size_t now = std::min(left, static_cast<std::size_t>(room) - end_bytes_);
    std::memcpy(to, value_.data() + given_, now);
    std::memset(to + now, 0, end_bytes_);
    given_ += now;
    const bool is_last = now == left;
    length = tells_total || is_last ? static_cast<SQLLEN>(left) : SQL_NO_TOTAL;
    return is_last ? SQL_SUCCESS : SQL_SUCCESS_WITH_INFO;
  }

 private:
  std::string value_;
  std::size_t end_bytes_;
  std::size_t given_ = 0;
};

std::string some_bytes(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
  return bytes;
}

TEST(OdbcFetch, LongValuesComeWhole) {
  LongValue value;
  for (const std::size_t size : {std::size_t{0}, std::size_t{2}, std::size_t{65534}, std::size_t{65536},
                                 std::size_t{65538}, std::size_t{1} << 20, std::size_t{9'000'002}}) {
    for (const bool tells_total : {true, false}) {
      const std::string bytes = some_bytes(size);
      Pieces pieces(bytes, sizeof(SQLWCHAR));
      pieces.tells_total = tells_total;
      ASSERT_EQ(value.read(text(0), std::size_t{1} << 30, std::ref(pieces)), LongValue::Fault::none) << size;
      EXPECT_TRUE(value.bytes() == bytes) << size;
    }
  }
}

TEST(OdbcFetch, LengthsOfTheDriverAreLookedAt) {
  LongValue value;
  const auto read = [&](SQLRETURN result, SQLLEN told) {
    return value.read(text(0), 1'000'000, [=, first = true](char*, SQLLEN, SQLLEN& length) mutable {
      length = told;
      return std::exchange(first, false) ? result : static_cast<SQLRETURN>(SQL_NO_DATA);
    });
  };
  EXPECT_EQ(read(SQL_SUCCESS, SQL_NULL_DATA), LongValue::Fault::none);
  EXPECT_TRUE(value.is_null());
  EXPECT_EQ(read(SQL_SUCCESS, -77), LongValue::Fault::no_length);
  EXPECT_EQ(read(SQL_SUCCESS, SQL_NO_TOTAL), LongValue::Fault::no_length);
  EXPECT_EQ(read(SQL_NO_DATA, 4), LongValue::Fault::no_length);
  EXPECT_EQ(read(SQL_SUCCESS, 3), LongValue::Fault::wrong_length);  // half a unit
  // More was told than came.
  EXPECT_EQ(read(SQL_SUCCESS_WITH_INFO, 200'000), LongValue::Fault::wrong_length);
  EXPECT_EQ(read(SQL_SUCCESS_WITH_INFO, std::numeric_limits<SQLLEN>::max()), LongValue::Fault::too_large);
}

TEST(OdbcFetch, ADriverThatNeverEndsIsStopped) {
  LongValue value;
  const auto endless = [](char*, SQLLEN, SQLLEN& length) -> SQLRETURN {
    length = SQL_NO_TOTAL;
    return SQL_SUCCESS_WITH_INFO;
  };
  EXPECT_EQ(value.read(text(0), 10'000'000, endless), LongValue::Fault::too_large);
}

}  // namespace
}  // namespace connector::odbc
