#include "core/remote/dialect.hpp"

#include <gtest/gtest.h>

#include "conditions.hpp"

namespace connector::core {
namespace {

/// Compares numbers, exactly; dates, nearly; nothing else.
class SmallDialect final : public Dialect {
 protected:
  std::optional<std::string> compared(const std::string& column, const LogicalType& type) const override {
    const bool can = type.kind == TypeKind::int4 || type.kind == TypeKind::date;
    return can ? std::optional(column) : std::nullopt;
  }
  std::optional<std::string> constant(Operator /*comparison*/, const LogicalType& /*type*/,
                                      std::string_view value) const override {
    return value == "unspeakable" ? std::nullopt : std::optional(std::string(value));
  }
  Support comparison_support(Operator /*comparison*/, const LogicalType& type) const override {
    return type.kind == TypeKind::date ? Support::narrowing : Support::exact;
  }
};

class DialectTest : public ::testing::Test {
 protected:
  static constexpr std::size_t number = 0, date = 1, text = 2;
  Support support(const Expression& condition) const { return dialect_.support(condition, columns_); }
  std::string sql(Expression condition) const {
    return testing::statement(dialect_, {.columns = {0}, .where = std::move(condition)}, columns_);
  }
  static Expression is(std::size_t column, std::string value = "1") {
    return Expression::comparison(column, Operator::equal, std::move(value));
  }

  SmallDialect dialect_;
  std::vector<RemoteColumn> columns_ =
      testing::columns_of_types({{.kind = TypeKind::int4}, {.kind = TypeKind::date}, {.kind = TypeKind::text}});
};

TEST_F(DialectTest, Comparisons) {
  EXPECT_EQ(support(is(number)), Support::exact);
  EXPECT_EQ(support(is(number, "unspeakable")), Support::none);
  EXPECT_EQ(support(is(date)), Support::narrowing);
  EXPECT_EQ(support(is(text)), Support::none);
  EXPECT_EQ(sql(is(number)), "SELECT x FROM t WHERE c = 1");
  EXPECT_EQ(sql(is(text)), "SELECT x FROM t");
}

TEST_F(DialectTest, OfAConjunctionItGetsWhatItCanDo) {
  EXPECT_EQ(support(Expression::all_of({is(number), is(number)})), Support::exact);
  EXPECT_EQ(support(Expression::all_of({is(number), is(date)})), Support::narrowing);
  EXPECT_EQ(support(Expression::all_of({is(text), is(number)})), Support::narrowing);
  EXPECT_EQ(support(Expression::all_of({is(text), is(text)})), Support::none);
  EXPECT_EQ(sql(Expression::all_of({is(text), is(number, "2"), is(date, "3")})),
            "SELECT x FROM t WHERE c = 2 AND c = 3");
  EXPECT_EQ(sql(Expression::all_of({is(text)})), "SELECT x FROM t");
}

TEST_F(DialectTest, AnOrderCountsWithALimitOnly) {
  EXPECT_EQ(testing::statement(dialect_, {.columns = {0}, .order_by = number}, columns_), "SELECT x FROM t");
  EXPECT_EQ(testing::statement(dialect_, {.columns = {0}, .limit = 5, .order_by = number}, columns_),
            "SELECT x FROM t ORDER BY c LIMIT 5");
  EXPECT_EQ(testing::statement(dialect_, {.columns = {0}, .limit = 5}, columns_), "SELECT x FROM t LIMIT 5");
}

TEST(Scan, ColumnsOfACondition) {
  EXPECT_EQ(columns_of(Expression::all_of(
                {Expression::comparison(2, Operator::less, "1"), Expression::comparison(0, Operator::greater, "1")})),
            (std::vector<std::size_t>{2, 0}));
}

TEST(Dialect, Pieces) {
  EXPECT_EQ(between_quotes('[', "a]b[", ']'), "[a]]b[]");
  EXPECT_EQ(hexadecimal(std::string_view("\0\xff", 2)), "00ff");
  EXPECT_FALSE(consists_of("", "abc"));
  EXPECT_FALSE(consists_of("abd", "abc"));
  EXPECT_TRUE(consists_of("cab", "abc"));
}

}  // namespace
}  // namespace connector::core
