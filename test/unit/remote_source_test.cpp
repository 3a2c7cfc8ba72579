#include "core/remote/source.hpp"

#include <gtest/gtest.h>

#include <array>

namespace connector::core {
namespace {

class DescribedSource final : public Source {
 public:
  explicit DescribedSource(SourceDescription description) : description_(std::move(description)) {}
  const SourceDescription& description() const override { return description_; }
  std::unique_ptr<RemoteCursor> open(const Scan& /*scan*/) override { return nullptr; }

 private:
  SourceDescription description_;
};

RemoteColumn column(std::string name, bool not_null) {
  RemoteColumn column;
  column.name = std::move(name);
  column.not_null = not_null;
  return column;
}

SourceDescription description(std::vector<RemoteColumn> columns) {
  SourceDescription description;
  description.columns = std::move(columns);
  description.primary_key = {"a"};
  description.estimated_rows = 5;
  return description;
}

TEST(JoinedDescription, HasTheColumnsOfAllParts) {
  DescribedSource first(description({column("a", true), column("b", false)}));
  DescribedSource second(description({column("a", true)}));
  const std::array<Source*, 3> parts = {&first, &second, &second};
  const SourceDescription joined = joined_description(parts);
  ASSERT_EQ(joined.columns.size(), 4u);
  EXPECT_EQ(joined.columns[1].name, "b");
  EXPECT_TRUE(joined.columns[0].not_null);
  EXPECT_FALSE(joined.columns[1].not_null);
  // Rows without a partner have NULL there.
  EXPECT_FALSE(joined.columns[2].not_null);
  EXPECT_FALSE(joined.columns[3].not_null);
  EXPECT_TRUE(joined.primary_key.empty());
  EXPECT_FALSE(joined.estimated_rows);
}

/// One part twice: what is joined with itself.
TEST(JoinedDescription, OfOneSourceTwice) {
  DescribedSource only(description({column("a", true)}));
  const std::array<Source*, 2> parts = {&only, &only};
  const SourceDescription joined = joined_description(parts);
  ASSERT_EQ(joined.columns.size(), 2u);
  EXPECT_TRUE(joined.columns[0].not_null);
  EXPECT_FALSE(joined.columns[1].not_null);
}

TEST(ColumnsOfAScan, AreThoseThatItIsAbout) {
  const auto equal = [](std::size_t left, std::size_t right) {
    return Expression{.operation = Operator::equal,
                      .operands = {Expression::of_column(left), Expression::of_column(right)}};
  };
  Scan scan{.columns = {0, 1},
            .joins = {{.on = equal(2, 3)}},
            .where = Expression::comparison(4, Operator::less, "5"),
            .order_by = {{.column = 5}}};
  EXPECT_EQ(columns_of(scan), (std::vector<std::size_t>{2, 3, 4, 5}));
  scan.is_grouped = true;
  scan.order_by.clear();
  scan.aggregates = {{.function = AggregateFunction::count_rows}, {.function = AggregateFunction::sum, .column = 6}};
  EXPECT_EQ(columns_of(scan), (std::vector<std::size_t>{2, 3, 4, 0, 1, 6}));
}

}  // namespace
}  // namespace connector::core
