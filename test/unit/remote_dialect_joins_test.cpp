#include <gtest/gtest.h>

#include "core/remote/dialect.hpp"
#include "core/remote/source.hpp"

namespace connector::core {
namespace {

/// Compares integers, texts (in brackets) and numbers exactly; dates nearly; times by equality alone; nothing else.
class JoiningDialect final : public Dialect {
 public:
  std::span<const TypeRule> rules() const noexcept override { return rules_; }

 protected:
  const TypeRule* rule_of(const RemoteColumn& column) const override {
    switch (column.type.kind) {
      case TypeKind::int2:
      case TypeKind::int4:
      case TypeKind::int8:
        return &rules_[0];
      case TypeKind::text:
      case TypeKind::varchar:
      case TypeKind::bpchar:
        return &rules_[1];
      case TypeKind::numeric:
        return &rules_[2];
      case TypeKind::date:
        return &rules_[3];
      case TypeKind::time:
        return &rules_[4];
      case TypeKind::float4:
      case TypeKind::float8:
        return &rules_[5];
      case TypeKind::bit:
        return &rules_[6];
      default:
        return nullptr;
    }
  }
  std::string compared(const std::string& column, const RemoteColumn& described) const override {
    return is_text_kind(described.type.kind) ? '[' + column + ']' : column;
  }
  std::optional<std::string> constant(Operator /*comparison*/, const RemoteColumn& /*column*/,
                                      std::string_view value) const override {
    return std::string(value);
  }
  bool sums(const RemoteColumn& column) const override { return column.type.kind == TypeKind::int4; }

 private:
  static constexpr TypeRule rules_[] = {
      {.types = "int", .equality = Support::exact, .range = Support::exact, .sorts = true},
      {.types = "text", .equality = Support::exact, .range = Support::exact, .sorts = true},
      {.types = "decimal", .equality = Support::exact, .range = Support::exact, .sorts = true},
      {.types = "date", .equality = Support::narrowing, .range = Support::narrowing},
      {.types = "time", .equality = Support::exact},
      {.types = "float", .equality = Support::exact, .range = Support::exact, .sorts = true},
      {.types = "bit", .equality = Support::exact}};
};

class DialectJoinsTest : public ::testing::Test {
 protected:
  /// A column `c`N of the type, and its number.
  std::size_t add(TypeKind kind, std::int32_t length = 0) {
    RemoteColumn& column = columns_.emplace_back();
    column.name = std::string("c") + std::to_string(columns_.size() - 1);
    column.type = {.kind = kind, .length = length};
    return columns_.size() - 1;
  }
  static Expression both(std::size_t left, Operator comparison, std::size_t right) {
    return {.operation = comparison, .operands = {Expression::of_column(left), Expression::of_column(right)}};
  }
  static Expression equal(std::size_t left, std::size_t right) { return both(left, Operator::equal, right); }
  static Expression is(std::size_t column, std::string value) {
    return Expression::comparison(column, Operator::equal, std::move(value));
  }
  Support support(const Expression& condition) const { return dialect_.support(condition, columns_); }
  Support support_of_two(TypeKind left, TypeKind right) {
    const std::size_t first = add(left), second = add(right);
    return support(equal(first, second));
  }
  std::string statement(const Scan& scan, std::vector<std::string> joined = {}, std::string list = "x") const {
    return dialect_.select(scan,
                           {.list = std::move(list),
                            .from = "t",
                            .column = [this](std::size_t index) { return columns_.at(index).name; },
                            .joined = std::move(joined)},
                           columns_);
  }
  /// What stands behind WHERE for that condition.
  std::string sql(Expression condition) const {
    return statement({.columns = {0}, .where = std::move(condition)})
        .substr(std::string("SELECT x FROM t WHERE ").size());
  }

  JoiningDialect dialect_;
  std::vector<RemoteColumn> columns_;
};

TEST_F(DialectJoinsTest, TwoColumns) {
  const std::size_t a = add(TypeKind::int4), b = add(TypeKind::int8), c = add(TypeKind::text),
                    d = add(TypeKind::varchar);
  EXPECT_EQ(sql(equal(a, b)), "c0 = c1");
  EXPECT_EQ(sql(both(a, Operator::not_equal, b)), "c0 <> c1");
  EXPECT_EQ(sql(both(b, Operator::less, a)), "c1 < c0");
  EXPECT_EQ(sql(both(a, Operator::less_or_equal, b)), "c0 <= c1");
  EXPECT_EQ(sql(both(a, Operator::greater, b)), "c0 > c1");
  EXPECT_EQ(sql(both(a, Operator::greater_or_equal, b)), "c0 >= c1");
  EXPECT_EQ(sql(equal(c, d)), "[c2] = [c3]");
  EXPECT_EQ(sql(both(a, Operator::distinct, b)),
            "(c0 <> c1 OR (c0 IS NULL AND c1 IS NOT NULL) OR (c0 IS NOT NULL AND c1 IS NULL))");
  EXPECT_EQ(sql(both(a, Operator::not_distinct, b)), "(c0 = c1 OR (c0 IS NULL AND c1 IS NULL))");
  EXPECT_EQ(sql(both(c, Operator::not_distinct, d)), "([c2] = [c3] OR (c2 IS NULL AND c3 IS NULL))");
  for (const Operator comparison : {Operator::equal, Operator::less, Operator::distinct, Operator::not_distinct}) {
    EXPECT_EQ(support(both(a, comparison, b)), Support::exact);
  }
  EXPECT_EQ(support(both(c, Operator::like, d)), Support::none);
  EXPECT_EQ(support(both(c, Operator::not_like, d)), Support::none);
}

TEST_F(DialectJoinsTest, TypesThatAreComparedWithEachOther) {
  EXPECT_EQ(support_of_two(TypeKind::int2, TypeKind::int8), Support::exact);
  EXPECT_EQ(support_of_two(TypeKind::float4, TypeKind::float8), Support::exact);
  EXPECT_EQ(support_of_two(TypeKind::text, TypeKind::varchar), Support::exact);
  EXPECT_EQ(support_of_two(TypeKind::bpchar, TypeKind::bpchar), Support::exact);
  EXPECT_EQ(support_of_two(TypeKind::bpchar, TypeKind::text), Support::none);
  EXPECT_EQ(support_of_two(TypeKind::text, TypeKind::int4), Support::none);
  EXPECT_EQ(support_of_two(TypeKind::int4, TypeKind::numeric), Support::none);
  EXPECT_EQ(support_of_two(TypeKind::json, TypeKind::json), Support::none);
  EXPECT_EQ(support_of_two(TypeKind::date, TypeKind::date), Support::none);
  const std::size_t short_bits = add(TypeKind::bit, 3), long_bits = add(TypeKind::bit, 5);
  EXPECT_EQ(support(equal(short_bits, short_bits)), Support::exact);
  EXPECT_EQ(support(equal(short_bits, long_bits)), Support::none);
}

TEST_F(DialectJoinsTest, AnOrderThatTheRemoteHasNot) {
  const std::size_t a = add(TypeKind::time), b = add(TypeKind::time);
  EXPECT_EQ(support(equal(a, b)), Support::exact);
  EXPECT_EQ(support(both(a, Operator::distinct, b)), Support::exact);
  EXPECT_EQ(support(both(a, Operator::less, b)), Support::none);
}

TEST_F(DialectJoinsTest, WhatIsNoImageOfTheRemotesValues) {
  const std::size_t a = add(TypeKind::int4), b = add(TypeKind::int4);
  columns_[b].may_become_null = true;
  // Of a pair that is equal there, one may be NULL here.
  for (const auto& [left, right] : {std::pair(a, b), std::pair(b, a)}) {
    EXPECT_EQ(support(equal(left, right)), Support::narrowing);
    EXPECT_EQ(support(both(left, Operator::not_equal, right)), Support::narrowing);
    EXPECT_EQ(support(both(left, Operator::less, right)), Support::narrowing);
    EXPECT_EQ(support(both(left, Operator::distinct, right)), Support::none);
    EXPECT_EQ(support(both(left, Operator::not_distinct, right)), Support::none);
    EXPECT_FALSE(dialect_.joins({.kind = JoinKind::inner, .on = equal(left, right)}, columns_));
  }
  columns_[b].may_become_null = false;
  columns_[b].is_rounded = true;
  EXPECT_EQ(support(equal(a, b)), Support::none);
  EXPECT_EQ(support(both(b, Operator::less, a)), Support::none);
  columns_[b].is_rounded = false;
  columns_[b].is_comparable = false;
  EXPECT_EQ(support(equal(a, b)), Support::none);
  EXPECT_EQ(support(equal(b, a)), Support::none);
}

TEST_F(DialectJoinsTest, InnerAndLeft) {
  add(TypeKind::int4), add(TypeKind::int4), add(TypeKind::int4);
  const Scan scan{.columns = {0},
                  .joins = {{JoinKind::inner, equal(0, 1)}, {JoinKind::left, equal(1, 2)}},
                  .where = is(0, "5"),
                  .order_by = {{.column = 2}},
                  .limit = 3};
  EXPECT_EQ(
      statement(scan, {"u", "v"}),
      "SELECT x FROM t INNER JOIN u ON c0 = c1 LEFT JOIN v ON c1 = c2 WHERE c0 = 5 ORDER BY c2 NULLS LAST LIMIT 3");
}

TEST_F(DialectJoinsTest, SemiAndAnti) {
  add(TypeKind::int4), add(TypeKind::int4), add(TypeKind::int4);
  const Scan scan{.columns = {0}, .joins = {{JoinKind::semi, equal(0, 1)}, {JoinKind::anti, equal(0, 2)}}};
  EXPECT_EQ(
      statement(scan, {"u", "v"}),
      "SELECT x FROM t WHERE EXISTS (SELECT 1 FROM u WHERE c0 = c1) AND NOT EXISTS (SELECT 1 FROM v WHERE c0 = c2)");
}

TEST_F(DialectJoinsTest, ASemiJoinBetweenOthers) {
  add(TypeKind::int4), add(TypeKind::int4), add(TypeKind::int4);
  const Scan scan{.columns = {0},
                  .joins = {{JoinKind::semi, equal(0, 1)}, {JoinKind::left, equal(0, 2)}},
                  .where = Expression::any_of({is(0, "1"), is(2, "2")})};
  EXPECT_EQ(
      statement(scan, {"u", "v"}),
      "SELECT x FROM t LEFT JOIN v ON c0 = c2 WHERE EXISTS (SELECT 1 FROM u WHERE c0 = c1) AND (c0 = 1 OR c2 = 2)");
}

TEST_F(DialectJoinsTest, Brackets) {
  add(TypeKind::int4), add(TypeKind::int4);
  const Expression either = Expression::any_of({equal(0, 1), Expression::all_of({is(0, "1"), is(1, "2")})});
  const Expression all = Expression::all_of({equal(0, 1), Expression::any_of({is(0, "1"), is(1, "2")})});
  const Expression deep =
      Expression::any_of({Expression::all_of({Expression::any_of({is(0, "1"), is(0, "2")})}), is(1, "3")});
  EXPECT_EQ(statement({.columns = {0}, .joins = {{JoinKind::left, either}}, .where = either}, {"u"}),
            "SELECT x FROM t LEFT JOIN u ON c0 = c1 OR (c0 = 1 AND c1 = 2) WHERE c0 = c1 OR (c0 = 1 AND c1 = 2)");
  EXPECT_EQ(statement({.columns = {0}, .joins = {{JoinKind::anti, either}}, .where = either}, {"u"}),
            "SELECT x FROM t WHERE NOT EXISTS (SELECT 1 FROM u WHERE c0 = c1 OR (c0 = 1 AND c1 = 2)) AND "
            "(c0 = c1 OR (c0 = 1 AND c1 = 2))");
  EXPECT_EQ(statement({.columns = {0}, .joins = {{JoinKind::inner, all}}, .where = all}, {"u"}),
            "SELECT x FROM t INNER JOIN u ON c0 = c1 AND (c0 = 1 OR c1 = 2) WHERE c0 = c1 AND (c0 = 1 OR c1 = 2)");
  EXPECT_EQ(sql(deep), "((c0 = 1 OR c0 = 2)) OR c1 = 3");
  EXPECT_EQ(sql(Expression::all_of({either, is(1, "4")})), "(c0 = c1 OR (c0 = 1 AND c1 = 2)) AND c1 = 4");
}

TEST_F(DialectJoinsTest, OnlyExactConditionsJoin) {
  const std::size_t a = add(TypeKind::int4), b = add(TypeKind::int4), c = add(TypeKind::date), d = add(TypeKind::date);
  const auto joins = [&](const Expression& on) {
    bool all = true;
    for (const JoinKind kind : {JoinKind::inner, JoinKind::left, JoinKind::semi, JoinKind::anti}) {
      all = all && dialect_.joins({.kind = kind, .on = on}, columns_);
    }
    return all;
  };
  EXPECT_TRUE(joins(equal(a, b)));
  EXPECT_TRUE(joins(Expression::all_of({equal(a, b), is(a, "1")})));
  EXPECT_FALSE(joins(Expression::all_of({equal(a, b), is(c, "2000-01-01")})));
  EXPECT_FALSE(joins(Expression::any_of({equal(a, b), equal(c, d)})));
  EXPECT_FALSE(joins(equal(c, d)));
  EXPECT_FALSE(joins(Expression::all_of({})));
}

TEST_F(DialectJoinsTest, GroupedScans) {
  add(TypeKind::int4), add(TypeKind::text);
  Scan scan{.columns = {1, 0},
            .is_grouped = true,
            .aggregates = {{AggregateFunction::count_rows, 0},
                           {AggregateFunction::count, 1},
                           {AggregateFunction::count_distinct, 1},
                           {AggregateFunction::sum, 0},
                           {AggregateFunction::minimum, 0},
                           {AggregateFunction::maximum, 0}},
            .where = is(0, "5")};
  const std::string list = "SELECT c1, c0, COUNT(*), COUNT(c1), COUNT(DISTINCT [c1]), SUM(c0), MIN(c0), MAX(c0)";
  EXPECT_EQ(statement(scan, {}, ""), list + " FROM t WHERE c0 = 5 GROUP BY [c1], c0");
  EXPECT_EQ(statement(scan, {}, "x"), list + ", x FROM t WHERE c0 = 5 GROUP BY [c1], c0");
  scan.where.reset();
  scan.limit = 2;
  EXPECT_EQ(statement(scan, {}, ""), list + " FROM t GROUP BY [c1], c0 LIMIT 2");
  EXPECT_EQ(statement({.is_grouped = true, .aggregates = {{}}}, {}, ""), "SELECT COUNT(*) FROM t");
  EXPECT_EQ(statement({.columns = {0}, .is_grouped = true}, {}, ""), "SELECT c0 FROM t GROUP BY c0");
}

TEST_F(DialectJoinsTest, GroupsOfJoinedRows) {
  add(TypeKind::int4), add(TypeKind::int4);
  const Scan scan{.columns = {0},
                  .joins = {{JoinKind::left, equal(0, 1)}},
                  .is_grouped = true,
                  .aggregates = {{AggregateFunction::count, 1}}};
  EXPECT_EQ(statement(scan, {"u"}, ""), "SELECT c0, COUNT(c1) FROM t LEFT JOIN u ON c0 = c1 GROUP BY c0");
}

TEST_F(DialectJoinsTest, WhatIsGrouped) {
  const auto groups = [&](TypeKind kind, std::int32_t length = 0) {
    return dialect_.groups(columns_[add(kind, length)]);
  };
  for (const TypeKind kind : {TypeKind::int2, TypeKind::int4, TypeKind::int8, TypeKind::text, TypeKind::varchar,
                              TypeKind::time, TypeKind::bit}) {
    EXPECT_TRUE(groups(kind));
  }
  EXPECT_TRUE(groups(TypeKind::numeric, 10));
  // 1.0 and 1.00 may be there, and are one group of two texts.
  EXPECT_FALSE(groups(TypeKind::numeric));
  for (const TypeKind kind : {TypeKind::float4, TypeKind::float8, TypeKind::bpchar, TypeKind::date, TypeKind::json}) {
    EXPECT_FALSE(groups(kind));
  }
  RemoteColumn column = columns_[add(TypeKind::int4)];
  column.may_become_null = true;
  EXPECT_FALSE(dialect_.groups(column));
  column.may_become_null = false;
  column.is_rounded = true;
  EXPECT_FALSE(dialect_.groups(column));
  column.is_rounded = false;
  column.is_comparable = false;
  EXPECT_FALSE(dialect_.groups(column));
}

TEST_F(DialectJoinsTest, WhatIsAggregated) {
  const std::size_t number = add(TypeKind::int4), wide = add(TypeKind::int8), text = add(TypeKind::text),
                    decimal = add(TypeKind::numeric, 10), loose = add(TypeKind::numeric), real = add(TypeKind::float8),
                    document = add(TypeKind::json), time = add(TypeKind::time);
  const auto can = [&](AggregateFunction function, std::size_t column) {
    return dialect_.aggregates({function, column}, columns_);
  };
  using enum AggregateFunction;
  EXPECT_TRUE(can(count_rows, 0));
  EXPECT_TRUE(can(count, document));
  EXPECT_TRUE(can(count_distinct, text));
  EXPECT_FALSE(can(count_distinct, real));
  EXPECT_TRUE(can(sum, number));
  EXPECT_FALSE(can(sum, wide));
  for (const AggregateFunction extreme : {minimum, maximum}) {
    for (const std::size_t column : {number, wide, decimal}) EXPECT_TRUE(can(extreme, column));
    // Text has its own order here; what has no order there has no least value.
    for (const std::size_t column : {text, loose, real, document, time}) EXPECT_FALSE(can(extreme, column));
  }
  for (const auto spoil : {+[](RemoteColumn& column) { column.may_become_null = true; },
                           +[](RemoteColumn& column) { column.is_comparable = false; }}) {
    const RemoteColumn before = columns_[number];
    spoil(columns_[number]);
    for (const AggregateFunction function : {count, count_distinct, sum, minimum, maximum}) {
      EXPECT_FALSE(can(function, number));
    }
    EXPECT_TRUE(can(count_rows, number));
    columns_[number] = before;
  }
  columns_[number].is_rounded = true;
  EXPECT_TRUE(can(count, number));
  EXPECT_FALSE(can(count_distinct, number));
  EXPECT_FALSE(can(minimum, number));
}

TEST_F(DialectJoinsTest, ColumnsOfAConditionOfTwo) {
  const std::vector<std::size_t> expected = {2, 5};
  EXPECT_EQ(columns_of(equal(2, 5)), expected);
}

}  // namespace
}  // namespace connector::core
