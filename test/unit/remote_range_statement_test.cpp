#include "core/remote/range_statement.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <gtest/gtest.h>

#include "conditions.hpp"
#include "core/base/error.hpp"

namespace connector::core {
namespace {

/// Compares integers exactly, and takes no constant that begins with a letter; texts nearly.
class IntegerDialect final : public Dialect {
 public:
  std::span<const TypeRule> rules() const noexcept override { return rules_; }

 protected:
  const TypeRule* rule_of(const RemoteColumn& column) const override {
    return column.type.kind == TypeKind::int4 ? &rules_[0] : column.type.kind == TypeKind::text ? &rules_[1] : nullptr;
  }
  std::optional<std::string> constant(Operator, const RemoteColumn&, std::string_view value) const override {
    return value.starts_with('x') ? std::nullopt : std::optional(std::string(value));
  }

 private:
  static constexpr TypeRule rules_[] = {
      {.types = "int", .equality = Support::exact, .range = Support::exact},
      {.types = "text", .equality = Support::exact, .range = Support::narrowing},
  };
};

const IntegerDialect dialect;
const std::vector<RemoteColumn> columns =
    testing::columns_of_types({{.kind = TypeKind::int4}, {.kind = TypeKind::text}, {.kind = TypeKind::json}});

std::vector<std::string> bounds_to(int count) {
  std::vector<std::string> bounds;
  for (int i = 1; i <= count; ++i) bounds.push_back(std::to_string(i * 10));
  return bounds;
}

std::string number(int bounds) {
  return dialect.range_number("c", columns[0], bounds_to(bounds)).value_or("");
}

/// How many CASE stand in each other at most.
int levels(const std::string& sql) {
  int level = 0, most = 0;
  for (std::size_t at = 0; at < sql.size(); ++at) {
    if (sql.compare(at, 5, "CASE ") == 0) most = std::max(most, ++level);
    if (sql.compare(at, 4, " END") == 0) --level;
  }
  EXPECT_EQ(level, 0);
  return most;
}

/// The number that stands there; moves behind it.
int take_number(const std::string& sql, std::size_t& at) {
  int found = 0;
  const auto [end, error] = std::from_chars(sql.data() + at, sql.data() + sql.size(), found);
  EXPECT_EQ(error, std::errc());
  at = static_cast<std::size_t>(end - sql.data());
  return found;
}

/// What the expression gives for a value of `c`, by its own text.
int evaluate(const std::string& sql, std::size_t& at, int value) {
  if (sql.compare(at, 4, "CASE") != 0) return take_number(sql, at);
  at += 4;
  std::optional<int> result;
  for (;;) {
    if (sql.compare(at, 6, " WHEN ") == 0) {
      at += 6;
      bool holds = false;
      if (sql.compare(at, 9, "c IS NULL") == 0) {
        at += 9;
      } else {
        EXPECT_EQ(sql.substr(at, 4), "c < ");
        at += 4;
        holds = value < take_number(sql, at);
      }
      EXPECT_EQ(sql.substr(at, 6), " THEN ");
      at += 6;
      const int branch = evaluate(sql, at, value);
      if (holds && !result) result = branch;
    } else if (sql.compare(at, 6, " ELSE ") == 0) {
      at += 6;
      const int branch = evaluate(sql, at, value);
      if (!result) result = branch;
    } else {
      EXPECT_EQ(sql.substr(at, 4), " END");
      at += 4;
      return result.value_or(-1);
    }
  }
}

TEST(RangeStatement, NumberOfTheRange) {
  EXPECT_EQ(number(0), "CASE WHEN c IS NULL THEN 1 ELSE 0 END");
  EXPECT_EQ(number(1), "CASE WHEN c IS NULL THEN 2 WHEN c < 10 THEN 0 ELSE 1 END");
  EXPECT_EQ(number(2), "CASE WHEN c IS NULL THEN 3 WHEN c < 10 THEN 0 ELSE CASE WHEN c < 20 THEN 1 ELSE 2 END END");
  EXPECT_EQ(
      number(5),
      "CASE WHEN c IS NULL THEN 6 WHEN c < 30 THEN CASE WHEN c < 10 THEN 0 ELSE CASE WHEN c < 20 THEN 1 ELSE 2 END "
      "END ELSE CASE WHEN c < 40 THEN 3 ELSE CASE WHEN c < 50 THEN 4 ELSE 5 END END END");
  EXPECT_EQ(dialect.range_number("c", columns[0], std::vector<std::string>{"1", "x"}), std::nullopt);
}

TEST(RangeStatement, TenLevelsAreEnough) {
  EXPECT_EQ(levels(number(1)), 1);
  EXPECT_EQ(levels(number(511)), 9);
  EXPECT_EQ(levels(number(1023)), 10);
  EXPECT_LE(levels(number(1024)), 10);
  EXPECT_LE(levels(number(5000)), 10);
}

TEST(RangeStatement, EachRangeHasItsNumber) {
  for (const int bounds : {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 1023, 1024, 3000}) {
    const std::string sql = number(bounds);
    const int step = 1 + bounds / 100;
    for (int range = bounds; range >= 0; range -= step) {
      for (const int value : {range * 10, range * 10 + 9}) {
        std::size_t at = 0;
        ASSERT_EQ(evaluate(sql, at, value), range) << bounds << " bounds, " << value;
        ASSERT_EQ(at, sql.size());
      }
    }
  }
}

TEST(RangeStatement, WhatCannotBeToldApart) {
  EXPECT_EQ(why_no_ranges(dialect, {.key = 0}, columns), "");
  EXPECT_EQ(why_no_ranges(dialect, {.key = 1}, columns), "the remote does not compare column \"c\" as PostgreSQL does");
  EXPECT_EQ(why_no_ranges(dialect, {.key = 2}, columns), "the remote does not compare column \"c\" as PostgreSQL does");
  RangeRequest request{.key = 0, .where = Expression::comparison(0, Operator::less, "5")};
  EXPECT_EQ(why_no_ranges(dialect, request, columns), "");
  request.where = Expression::comparison(1, Operator::less, "5");
  EXPECT_EQ(why_no_ranges(dialect, request, columns),
            "the remote does not look at the condition on the rows as PostgreSQL does");
}

TEST(RangeStatement, TheRowsThatAreSummed) {
  const Dialect::Selection selection{.list = {}, .from = "t", .column = [](std::size_t) { return "c"; }};
  const RangeRequest request{
      .key = 0, .bounds = {"10"}, .where = Expression::comparison(0, Operator::greater_or_equal, "5")};
  EXPECT_EQ(select_hashes(dialect, request, selection, "hash(c)", columns),
            "SELECT CASE WHEN c IS NULL THEN 2 WHEN c < 10 THEN 0 ELSE 1 END AS r, hash(c) AS h FROM t WHERE c >= 5");
  EXPECT_THROW(select_hashes(dialect, {.key = 0, .bounds = {"x"}}, selection, "h", columns), Error);
}

using Row = std::array<std::optional<std::string>, 5>;

TEST(RangeStatement, SumsOfTheAnswer) {
  RangeSumReader reader(2, "toy", "could not read table");
  reader.add(Row{"3", "4", "18446744073709551616", "-7", "0"});
  reader.add(Row{"0", "1", "5", "6", "0"});
  const std::vector<RangeSum> sums = reader.take();
  ASSERT_EQ(sums.size(), 4U);
  EXPECT_EQ(sums[0], (RangeSum{.rows = 1, .sums = "5 6"}));
  EXPECT_EQ(sums[1], RangeSum{});
  EXPECT_EQ(sums[2], RangeSum{});
  EXPECT_EQ(sums[3], (RangeSum{.rows = 4, .sums = "18446744073709551616 -7"}));
}

TEST(RangeStatement, AnswersThatAreNone) {
  const auto message = [](const Row& row) {
    RangeSumReader reader(1, "toy", "could not read table");
    try {
      reader.add(Row{"1", "1", "1", "1", "0"});
      reader.add(row);
    } catch (const Error& error) {
      EXPECT_EQ(error.number(), ErrorNumber::cannot_read);
      return error.message();
    }
    return std::string();
  };
  EXPECT_EQ(message({"0", "1", "1", "1", "0"}), "");
  for (const Row& row : {Row{"1", "1", "1", "1", "0"}, Row{"3", "1", "1", "1", "0"}, Row{"0", "0", "1", "1", "0"},
                         Row{"0", "1", "1e20", "1", "0"}, Row{"0", "1", "1", "", "0"},
                         Row{"0", "1", std::nullopt, "1", "0"}, Row{"", "1", "1", "1", "0"}}) {
    EXPECT_NE(message(row).find("not as it was asked for"), std::string::npos);
  }
  EXPECT_NE(message({"0", "2", "1", "1", "1"}).find("no checksum for 1 of the rows"), std::string::npos);
}

TEST(KeyParts, AreTheRangesAndTheRowsWithoutKey) {
  const std::vector<KeyRange> ranges{{.until = "1"}, {.from = "1", .until = "5"}, {.from = "5"}};
  const std::vector<std::string> with_nulls{"c < 1", "c >= 1 AND c < 5", "c >= 5", "c IS NULL"};
  EXPECT_EQ(dialect.key_parts("c", columns[0], ranges), with_nulls);
  RemoteColumn not_null = columns[0];
  not_null.not_null = true;
  EXPECT_EQ(dialect.key_parts("c", not_null, ranges),
            std::vector<std::string>(with_nulls.begin(), with_nulls.end() - 1));
}

TEST(KeyParts, OfOneRange) {
  const std::vector<KeyRange> all(1);
  EXPECT_EQ(dialect.key_parts("c", columns[0], all), (std::vector<std::string>{"c IS NOT NULL", "c IS NULL"}));
  RemoteColumn not_null = columns[0];
  not_null.not_null = true;
  EXPECT_EQ(dialect.key_parts("c", not_null, all), std::vector<std::string>{"1 = 1"});
}

TEST(KeyParts, AreNoneIfABoundCantBeWritten) {
  const std::vector<KeyRange> ranges{{.until = "x"}, {.from = "x"}};
  EXPECT_TRUE(dialect.key_parts("c", columns[0], ranges).empty());
}

}  // namespace
}  // namespace connector::core
