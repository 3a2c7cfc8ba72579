#include "core/remote/key_ranges.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "core/remote/key_values.hpp"
#include "core/remote/source.hpp"

namespace connector::core {
namespace {

const LogicalType int8{.kind = TypeKind::int8};

/// A table with a key, of whose ranges the numbers of rows are known: values and how many rows have each.
class Table {
 public:
  explicit Table(LogicalType type) : type_(std::move(type)) {}

  void add(std::string_view value, double rows = 1) { rows_[*place_of(type_, value)] += rows; }
  void add_integers(std::int64_t first, std::int64_t last) {
    for (std::int64_t value = first; value <= last; ++value) add(std::to_string(value));
  }

  double rows(const KeyRange& range) const {
    const auto begin = range.from ? rows_.lower_bound(*place_of(type_, *range.from)) : rows_.begin();
    const auto end = range.until ? rows_.lower_bound(*place_of(type_, *range.until)) : rows_.end();
    double rows = 0;
    for (auto at = begin; at != end; ++at) rows += at->second;
    return rows;
  }
  double rows() const { return rows(KeyRange{}); }

  std::vector<KeyRange> divide(std::size_t wanted) {
    questions = 0;
    round_trips = 0;
    const std::string least = value_at(type_, rows_.begin()->first), greatest = value_at(type_, rows_.rbegin()->first);
    return divide_key(type_, least, greatest, wanted, [this](std::span<const KeyRange> ranges) {
      EXPECT_LE(ranges.size(), most_ranges_in_question);
      ++round_trips;
      std::vector<double> answers;
      for (const KeyRange& range : ranges) answers.push_back(rows(range));
      questions += answers.size();
      return answers;
    });
  }

  /// Every value lies in one range, none of them has far more rows than the others, and there are about as many as
  /// wanted.
  void expect_even(std::size_t wanted) {
    const std::vector<KeyRange> ranges = divide(wanted);
    ASSERT_GE(ranges.size(), wanted / 2);
    EXPECT_LE(ranges.size(), 2 * wanted);
    expect_complete(ranges);
    for (const KeyRange& range : ranges) {
      EXPECT_LE(rows(range), 2 * rows() / static_cast<double>(wanted))
          << range.from.value_or("") << " to " << range.until.value_or("");
    }
    EXPECT_LE(questions, 512 + 2 * wanted);
    EXPECT_LE(round_trips, 40u);
  }

  void expect_complete(const std::vector<KeyRange>& ranges) const {
    ASSERT_FALSE(ranges.empty());
    EXPECT_FALSE(ranges.front().from);
    EXPECT_FALSE(ranges.back().until);
    for (std::size_t i = 0; i + 1 < ranges.size(); ++i) {
      ASSERT_TRUE(ranges[i].until);
      EXPECT_EQ(ranges[i].until, ranges[i + 1].from);
      if (i == 0) continue;
      EXPECT_LT(*place_of(type_, *ranges[i].from), *place_of(type_, *ranges[i].until));
    }
  }

  std::size_t questions = 0;
  std::size_t round_trips = 0;

 private:
  LogicalType type_;
  std::map<KeyPlace, double> rows_;
};

TEST(KeyRanges, OfEvenKeysAreEvenAndAskedForOnce) {
  Table table(int8);
  table.add_integers(1, 10000);
  table.expect_even(50);
  EXPECT_EQ(table.round_trips, 1u);
  EXPECT_EQ(table.divide(50).size(), 50u);
}

TEST(KeyRanges, OfSkewedKeys) {
  Table last_percent(int8);
  last_percent.add_integers(0, 98);
  last_percent.add("500000");
  last_percent.add_integers(990000, 999999);
  last_percent.expect_even(40);

  Table both_ends(int8);
  both_ends.add_integers(-9223372036854775807 - 1, -9223372036854775807 + 4000);
  for (int i = 0; i < 4000; ++i) both_ends.add(std::to_string(std::numeric_limits<std::int64_t>::max() - i));
  both_ends.expect_even(40);

  Table around_nothing(int8);
  around_nothing.add_integers(-3000, 3000);
  around_nothing.expect_even(64);
}

TEST(KeyRanges, BesideOutliers) {
  Table greatest(int8);
  greatest.add_integers(1, 10000);
  greatest.add("9223372036854775807");
  greatest.expect_even(64);

  Table both(int8);
  both.add("-9223372036854775808");
  both.add_integers(1, 10000);
  both.add("9223372036854775807");
  both.expect_even(64);

  Table dates({.kind = TypeKind::date});
  dates.add("0001-01-01");
  for (int day = 1; day <= 28; ++day) dates.add("2026-02-" + std::to_string(day / 10) + std::to_string(day % 10), 100);
  dates.add("9999-12-31");
  dates.expect_even(20);

  Table times({.kind = TypeKind::timestamptz, .length = 6});
  for (int second = 10; second < 60; ++second) times.add("2026-02-03 04:05:" + std::to_string(second) + "+00", 10);
  times.add("9999-12-31 23:59:59.999999+00");
  times.expect_even(20);

  Table uuids({.kind = TypeKind::uuid});
  for (int i = 1000; i < 9999; ++i) uuids.add("018f0000-" + std::to_string(i) + "-7000-8000-000000000000");
  uuids.add("ffffffff-ffff-ffff-ffff-ffffffffffff");
  uuids.expect_even(32);
}

TEST(KeyRanges, OfOneValueThatHasMostRows) {
  Table table(int8);
  table.add_integers(1, 1000);
  table.add("777", 100000);
  const std::vector<KeyRange> ranges = table.divide(10);
  table.expect_complete(ranges);
  const auto large = std::ranges::count_if(ranges, [&](const KeyRange& range) { return table.rows(range) > 2000; });
  EXPECT_EQ(large, 1);
}

TEST(KeyRanges, ThereIsOneWhereNothingIsToBeDivided) {
  const std::vector<KeyRange> all(1);
  Table one(int8);
  one.add("5", 1000);
  EXPECT_EQ(one.divide(10), all);
  Table some(int8);
  some.add_integers(1, 100);
  EXPECT_EQ(some.divide(1), all);
  EXPECT_EQ(some.divide(0), all);
}

TEST(KeyRanges, ThereIsNoneOfWhatHasNoPlaces) {
  const KeyRangeEstimates never = [](std::span<const KeyRange>) -> std::vector<double> {
    ADD_FAILURE() << "was asked";
    return {};
  };
  EXPECT_TRUE(divide_key({.kind = TypeKind::text}, "1", "5", 4, never).empty());
  EXPECT_TRUE(divide_key(int8, "1", "NaN", 4, never).empty());
}

TEST(KeyRanges, OfTwoValues) {
  Table table(int8);
  table.add("-1", 10);
  table.add("0", 10);
  const std::vector<KeyRange> expected{{.from = std::nullopt, .until = "0"}, {.from = "0", .until = std::nullopt}};
  EXPECT_EQ(table.divide(8), expected);
}

TEST(KeyRanges, OfAllValuesOfAType) {
  const auto ends = [](LogicalType type, std::string_view least, std::string_view greatest) {
    Table table(std::move(type));
    table.add(least, 100);
    table.add(greatest, 100);
    const std::vector<KeyRange> ranges = table.divide(4);
    table.expect_complete(ranges);
    EXPECT_EQ(table.rows(ranges.front()), 100);
    EXPECT_EQ(table.rows(ranges.back()), 100);
  };
  ends({.kind = TypeKind::int2}, "-32768", "32767");
  ends({.kind = TypeKind::int4}, "-2147483648", "2147483647");
  ends(int8, "-9223372036854775808", "9223372036854775807");
  ends({.kind = TypeKind::numeric, .length = 20}, "0", "18446744073709551615");
  ends({.kind = TypeKind::numeric, .length = 38}, '-' + std::string(38, '9'), std::string(38, '9'));
  ends({.kind = TypeKind::date}, "-infinity", "infinity");
  ends({.kind = TypeKind::timestamp, .length = 6}, "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999");
  ends({.kind = TypeKind::timestamptz, .length = 0}, "-infinity", "infinity");
  ends({.kind = TypeKind::uuid}, "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff");
}

TEST(KeyRanges, EndWhateverTheEstimatesAre) {
  std::mt19937_64 random(1);
  for (int kind = 0; kind < 4; ++kind) {
    std::size_t questions = 0;
    const auto estimates = [&](std::span<const KeyRange> ranges) {
      questions += ranges.size();
      std::vector<double> rows;
      for (std::size_t i = 0; i < ranges.size(); ++i) {
        const double any = static_cast<double>(random() % 1000000);
        rows.push_back(kind == 0 ? 0 : kind == 1 ? 1e18 : kind == 2 ? -1 : any);
      }
      return rows;
    };
    const std::vector<KeyRange> ranges = divide_key(int8, "-9223372036854775808", "9223372036854775807", 16, estimates);
    Table(int8).expect_complete(ranges);
    EXPECT_LE(questions, 16u + 512u);
  }
}

TEST(KeyRanges, AreNoMoreThanAnybodyNeeds) {
  Table table(int8);
  table.add("0");
  table.add("1000000000000000");
  for (const std::size_t wanted : {std::size_t{100'000}, std::numeric_limits<std::size_t>::max()}) {
    const std::vector<KeyRange> ranges = table.divide(wanted);
    table.expect_complete(ranges);
    EXPECT_LE(ranges.size(), most_parts);
    EXPECT_LE(table.questions, 512 + 2 * most_parts);
  }
}

TEST(KeyRanges, OfRandomValuesHaveEachInOneRange) {
  std::mt19937_64 random(2);
  const LogicalType types[] = {int8,
                               {.kind = TypeKind::numeric, .length = 20},
                               {.kind = TypeKind::date},
                               {.kind = TypeKind::timestamp, .length = 0},
                               {.kind = TypeKind::timestamptz, .length = 6},
                               {.kind = TypeKind::uuid}};
  for (int round = 0; round < 300; ++round) {
    const LogicalType& type = types[static_cast<std::size_t>(round) % std::size(types)];
    const bool is_day = type.kind == TypeKind::date;
    Table table(type);
    std::vector<std::string> values;
    for (std::uint64_t i = 0, count = 1 + random() % 300; i < count; ++i) {
      // Close to each other or far apart.
      const std::uint64_t number = (random() >> (random() % 64)) % (is_day ? 1000000 : 1ULL << 37);
      const KeyPlace origin = *place_of(type, type.kind == TypeKind::uuid ? "80000000-0000-0000-0000-000000000000"
                                              : is_day                    ? "1000-01-01"
                                              : type.kind == TypeKind::timestamp   ? "1990-01-01 00:00:00"
                                              : type.kind == TypeKind::timestamptz ? "1990-01-01 00:00:00+00"
                                                                                   : "7");
      values.push_back(value_at(type, origin + number));
      table.add(values.back());
    }
    const std::size_t wanted = 2 + random() % 40;
    const std::vector<KeyRange> ranges = table.divide(wanted);
    table.expect_complete(ranges);
    for (const std::string& value : values) {
      const KeyPlace place = *place_of(type, value);
      EXPECT_EQ(std::ranges::count_if(ranges,
                                      [&](const KeyRange& range) {
                                        return (!range.from || place >= *place_of(type, *range.from)) &&
                                               (!range.until || place < *place_of(type, *range.until));
                                      }),
                1)
          << value;
    }
    EXPECT_LE(ranges.size(), 2 * wanted + 1);
  }
}

}  // namespace
}  // namespace connector::core
