#include "core/remote/dialect.hpp"

#include <gtest/gtest.h>

#include "conditions.hpp"

namespace connector::core {
namespace {

/// Compares numbers, exactly; dates, nearly, and without IS NOT NULL; texts by an index, too; patterns nearly; nothing
/// else.
class SmallDialect final : public Dialect {
 public:
  std::span<const TypeRule> rules() const noexcept override { return rules_; }

 protected:
  const TypeRule* rule_of(const RemoteColumn& column) const override {
    switch (column.type.kind) {
      case TypeKind::int4:
        return &rules_[0];
      case TypeKind::date:
        return &rules_[1];
      case TypeKind::text:
        return &rules_[2];
      default:
        return nullptr;
    }
  }
  std::optional<std::string> constant(Operator /*comparison*/, const RemoteColumn& /*column*/,
                                      std::string_view value) const override {
    return value == "unspeakable" ? std::nullopt : std::optional(std::string(value));
  }
  bool can_equal(const RemoteColumn& /*column*/, std::string_view value) const override { return value != "elsewhere"; }
  std::optional<std::string> pattern(Operator like, const std::string& column, const RemoteColumn& described,
                                     const Expression& pattern) const override {
    return column + (like == Operator::like ? " LIKE " : " NOT LIKE ") + *operand(like, described, pattern);
  }
  std::optional<std::string> null_test(Operator is_null, const std::string& column,
                                       const RemoteColumn& described) const override {
    if (described.type.kind == TypeKind::date && is_null == Operator::is_not_null) return std::nullopt;
    return Dialect::null_test(is_null, column, described);
  }
  std::string index_condition(const std::string& column, const RemoteColumn& described,
                              const std::vector<std::string>& values) const override {
    return described.type.kind == TypeKind::text ? column + " ~ " + values.front() : "";
  }

 private:
  static constexpr TypeRule rules_[] = {
      {.types = "int", .equality = Support::exact, .range = Support::exact, .sorts = true},
      {.types = "date", .equality = Support::narrowing, .range = Support::narrowing},
      {.types = "text", .equality = Support::exact, .pattern = Support::narrowing}};
};

class DialectTest : public ::testing::Test {
 protected:
  static constexpr std::size_t number = 0, date = 1, text = 2, other = 3, lossy = 4, changed = 5;
  DialectTest() {
    columns_[lossy].may_become_null = true;
    columns_[changed].is_comparable = false;
    for (std::size_t i = 0; i < columns_.size(); ++i) columns_[i].name = std::string("c") + std::to_string(i);
  }
  Support support(const Expression& condition) const { return dialect_.support(condition, columns_); }
  std::string statement(const Scan& scan) const {
    return dialect_.select(
        scan, {.list = "x", .from = "t", .column = [this](std::size_t index) { return columns_[index].name; }},
        columns_);
  }
  /// What stands behind WHERE.
  std::string sql(Expression condition) const {
    const std::string all = statement({.columns = {0}, .where = std::move(condition)});
    const std::string begin = "SELECT x FROM t WHERE ";
    return all.starts_with(begin) ? all.substr(begin.size()) : "";
  }
  static Expression is(std::size_t column, std::string value = "1") {
    return Expression::comparison(column, Operator::equal, std::move(value));
  }
  static Expression with(Operator operation, std::size_t column, std::vector<Expression> constants = {}) {
    Expression condition{.operation = operation, .operands = {Expression::of_column(column)}};
    for (Expression& constant : constants) condition.operands.push_back(std::move(constant));
    return condition;
  }
  static Expression constant(std::string value) { return Expression::constant(std::move(value)); }

  SmallDialect dialect_;
  std::vector<RemoteColumn> columns_ = testing::columns_of_types({{.kind = TypeKind::int4},
                                                                  {.kind = TypeKind::date},
                                                                  {.kind = TypeKind::text},
                                                                  {.kind = TypeKind::json},
                                                                  {.kind = TypeKind::int4},
                                                                  {.kind = TypeKind::int4}});
};

TEST_F(DialectTest, Comparisons) {
  EXPECT_EQ(support(is(number)), Support::exact);
  EXPECT_EQ(support(is(number, "unspeakable")), Support::none);
  EXPECT_EQ(support(is(date)), Support::narrowing);
  EXPECT_EQ(support(is(other)), Support::none);
  EXPECT_EQ(sql(is(number)), "c0 = 1");
  EXPECT_EQ(sql(is(text)), "c2 ~ 1 AND c2 = 1");
  EXPECT_EQ(sql(is(other)), "");
}

TEST_F(DialectTest, TheOppositeOfAConditionThatKeepsTooManyIsNotAsked) {
  EXPECT_EQ(support(with(Operator::not_equal, number, {constant("1")})), Support::exact);
  EXPECT_EQ(support(with(Operator::not_equal, date, {constant("1")})), Support::none);
  EXPECT_EQ(support(with(Operator::not_in, date, {constant("1")})), Support::none);
  EXPECT_EQ(support(with(Operator::distinct, date, {constant("1")})), Support::none);
  EXPECT_EQ(support(with(Operator::like, text, {constant("1")})), Support::narrowing);
  EXPECT_EQ(support(with(Operator::not_like, text, {constant("1")})), Support::none);
  EXPECT_EQ(support(with(Operator::like, number, {constant("1")})), Support::none);
}

TEST_F(DialectTest, WhatMayBecomeNullIsNotAskedForNull) {
  EXPECT_EQ(support(with(Operator::is_null, number)), Support::exact);
  EXPECT_EQ(support(with(Operator::is_null, lossy)), Support::none);
  EXPECT_EQ(support(with(Operator::not_distinct, lossy, {Expression::null()})), Support::none);
  EXPECT_EQ(support(with(Operator::is_not_null, lossy)), Support::narrowing);
  EXPECT_EQ(support(with(Operator::distinct, lossy, {Expression::null()})), Support::narrowing);
  EXPECT_EQ(support(is(lossy)), Support::exact);
  EXPECT_EQ(support(with(Operator::in, lossy, {constant("1")})), Support::exact);
  EXPECT_EQ(support(with(Operator::not_equal, lossy, {constant("1")})), Support::narrowing);
  EXPECT_EQ(support(with(Operator::less, lossy, {constant("1")})), Support::narrowing);
}

TEST_F(DialectTest, WhatIsNoImageIsNotAskedForAtAll) {
  EXPECT_EQ(support(is(changed)), Support::none);
  EXPECT_EQ(support(with(Operator::is_null, changed)), Support::none);
  EXPECT_FALSE(dialect_.orders(columns_[changed]));
  EXPECT_TRUE(dialect_.orders(columns_[number]));
}

TEST_F(DialectTest, Null) {
  EXPECT_EQ(sql(with(Operator::is_null, other)), "c3 IS NULL");
  EXPECT_EQ(sql(with(Operator::equal, number, {Expression::null()})), "1 = 0");
  EXPECT_EQ(sql(with(Operator::not_equal, number, {Expression::null()})), "1 = 0");
  EXPECT_EQ(sql(with(Operator::not_distinct, number, {Expression::null()})), "c0 IS NULL");
  EXPECT_EQ(sql(with(Operator::distinct, number, {Expression::null()})), "c0 IS NOT NULL");
  EXPECT_EQ(sql(with(Operator::distinct, number, {constant("1")})), "(c0 <> 1 OR c0 IS NULL)");
  EXPECT_EQ(sql(with(Operator::not_distinct, number, {constant("1")})), "c0 = 1");
}

TEST_F(DialectTest, ANullTestThatTheRemoteWouldAnswerOtherwise) {
  EXPECT_EQ(support(with(Operator::is_null, date)), Support::exact);
  EXPECT_EQ(support(with(Operator::is_not_null, date)), Support::none);
  EXPECT_EQ(support(with(Operator::not_distinct, date, {Expression::null()})), Support::exact);
  EXPECT_EQ(support(with(Operator::distinct, date, {Expression::null()})), Support::none);
}

TEST_F(DialectTest, Lists) {
  EXPECT_EQ(sql(with(Operator::in, number, {constant("1"), Expression::null(), constant("2")})), "c0 IN (1, 2)");
  EXPECT_EQ(sql(with(Operator::not_in, number, {constant("1"), constant("2")})), "c0 NOT IN (1, 2)");
  EXPECT_EQ(sql(with(Operator::not_in, number, {constant("1"), Expression::null()})), "1 = 0");
  EXPECT_EQ(sql(with(Operator::in, number)), "1 = 0");
  EXPECT_EQ(sql(with(Operator::not_in, number)), "1 = 1");
  EXPECT_EQ(sql(with(Operator::in, date, {constant("1"), constant("2")})), "(c1 = 1 OR c1 = 2)");
  EXPECT_EQ(sql(with(Operator::in, text, {constant("1"), constant("2")})), "c2 ~ 1 AND c2 IN (1, 2)");
  EXPECT_EQ(support(with(Operator::in, number, {constant("1"), constant("unspeakable")})), Support::none);
}

TEST_F(DialectTest, AConstantThatNoValueEqualsIsNotSentForEquality) {
  const auto elsewhere = [&](Operator operation, std::size_t column = number) {
    return with(operation, column, {constant("elsewhere")});
  };
  EXPECT_EQ(sql(elsewhere(Operator::equal)), "1 = 0");
  EXPECT_EQ(sql(elsewhere(Operator::not_distinct)), "1 = 0");
  EXPECT_EQ(sql(elsewhere(Operator::in)), "1 = 0");
  EXPECT_EQ(sql(elsewhere(Operator::not_equal)), "c0 IS NOT NULL");
  EXPECT_EQ(sql(elsewhere(Operator::not_in)), "c0 IS NOT NULL");
  EXPECT_EQ(sql(elsewhere(Operator::distinct)), "1 = 1");
  EXPECT_EQ(sql(elsewhere(Operator::less)), "c0 < elsewhere");
  EXPECT_EQ(support(elsewhere(Operator::not_equal, lossy)), Support::narrowing);
  EXPECT_EQ(support(elsewhere(Operator::not_in, lossy)), Support::narrowing);
  EXPECT_EQ(sql(with(Operator::in, number, {constant("1"), constant("elsewhere")})), "c0 IN (1)");
  EXPECT_EQ(sql(with(Operator::not_in, number, {constant("elsewhere"), constant("1")})), "c0 NOT IN (1)");
  EXPECT_EQ(sql(with(Operator::not_in, number, {constant("elsewhere"), Expression::null()})), "1 = 0");
}

TEST_F(DialectTest, Parameters) {
  const Expression condition = with(Operator::greater, number, {Expression::of_parameter(2)});
  EXPECT_EQ(support(condition), Support::exact);
  EXPECT_EQ(sql(condition), "c0 > $2");
  EXPECT_EQ(sql(with(Operator::in, text, {Expression::of_parameter(1)})), "c2 IN ($1)");
  EXPECT_EQ(sql(with(Operator::equal, text, {Expression::of_parameter(1)})), "c2 = $1");
}

TEST_F(DialectTest, OfAConjunctionItGetsWhatItCanDo) {
  EXPECT_EQ(support(Expression::all_of({is(number), is(number)})), Support::exact);
  EXPECT_EQ(support(Expression::all_of({is(number), is(date)})), Support::narrowing);
  EXPECT_EQ(support(Expression::all_of({is(other), is(number)})), Support::narrowing);
  EXPECT_EQ(support(Expression::all_of({is(other), is(other)})), Support::none);
  EXPECT_EQ(sql(Expression::all_of({is(other), is(number, "2"), is(date, "3")})), "c0 = 2 AND c1 = 3");
  EXPECT_EQ(sql(Expression::all_of({is(other)})), "");
}

TEST_F(DialectTest, OfADisjunctionItGetsAllOrNothing) {
  EXPECT_EQ(support(Expression::any_of({is(number), is(number)})), Support::exact);
  EXPECT_EQ(support(Expression::any_of({is(number), is(date)})), Support::narrowing);
  EXPECT_EQ(support(Expression::any_of({is(number), is(other)})), Support::none);
  EXPECT_EQ(sql(Expression::any_of({is(number), Expression::all_of({is(other), is(date)})})), "c0 = 1 OR (c1 = 1)");
  EXPECT_EQ(sql(Expression::all_of({is(number), Expression::any_of({is(date), is(text)})})),
            "c0 = 1 AND (c1 = 1 OR c2 ~ 1 AND c2 = 1)");
}

TEST_F(DialectTest, AStatementDoesNotGrowWithoutBounds) {
  const auto one_of = [](std::size_t count, const std::string& value, std::size_t column = number) {
    Expression list{.operation = Operator::in, .operands = {Expression::of_column(column)}};
    list.operands.resize(count + 1, Expression::constant(value));
    return list;
  };
  EXPECT_EQ(support(one_of(5000, "1")), Support::exact);
  EXPECT_EQ(support(one_of(5001, "1")), Support::none);
  EXPECT_EQ(support(one_of(250, "1", date)), Support::narrowing);
  EXPECT_EQ(support(one_of(251, "1", date)), Support::none);
  EXPECT_EQ(support(one_of(2, std::string(100'000, '1'))), Support::exact);
  EXPECT_EQ(support(one_of(2, std::string(100'001, '1'))), Support::none);
  EXPECT_EQ(support(is(number, std::string(200'001, '1'))), Support::none);
}

TEST_F(DialectTest, OrdersAndLimits) {
  EXPECT_EQ(statement({.order_by = {{.column = number}}}), "SELECT x FROM t ORDER BY c0 NULLS LAST");
  EXPECT_EQ(statement({.order_by = {{.column = number, .descending = true, .nulls = Nulls::first}, {.column = lossy}},
                       .limit = 5,
                       .offset = 2}),
            "SELECT x FROM t ORDER BY c0 DESC NULLS FIRST, c4 NULLS LAST LIMIT 5 OFFSET 2");
  EXPECT_EQ(statement({.order_by = {{.column = number, .nulls = Nulls::wherever}}, .limit = 5}),
            "SELECT x FROM t ORDER BY c0 LIMIT 5");
  EXPECT_EQ(statement({.limit = 5}), "SELECT x FROM t LIMIT 5");
}

TEST_F(DialectTest, AConditionOfTheSource) {
  const auto select = [&](Expression condition) {
    return dialect_.select({.columns = {0}, .where = std::move(condition)},
                           {.list = "x",
                            .from = "t",
                            .column = [this](std::size_t index) { return columns_[index].name; },
                            .condition = "s"},
                           columns_);
  };
  EXPECT_EQ(select(is(other)), "SELECT x FROM t WHERE s");
  EXPECT_EQ(select(Expression::any_of({is(number), is(number)})), "SELECT x FROM t WHERE s AND (c0 = 1 OR c0 = 1)");
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
