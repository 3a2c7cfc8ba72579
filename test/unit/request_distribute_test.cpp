#include "core/request/distribute_reader.hpp"

#include "requests.hpp"

namespace connector::core {
namespace {

using namespace testing;

std::string distribute(std::string_view value, std::string_view more = "") {
  return request("\"table\": \"t\", \"distribute\": " + std::string(value) + std::string(more));
}

TEST(ReadDistribution, ByAColumnOrACopyOnEachNode) {
  EXPECT_FALSE(parse(request(R"("table": "t")")).distribute);
  EXPECT_FALSE(parse(distribute("null")).distribute);
  EXPECT_FALSE(parse(distribute("\"\"")).distribute);
  const auto reference = parse(distribute("\"reference\"")).distribute;
  ASSERT_TRUE(reference);
  EXPECT_TRUE(reference->reference);
  const auto whole = parse(distribute(R"({"Column": "Customer", "colocate_with": "shop.customers"})")).distribute;
  ASSERT_TRUE(whole);
  EXPECT_FALSE(whole->reference);
  EXPECT_EQ(whole->column, "Customer");
  EXPECT_EQ(whole->colocate_with, "shop.customers");
  EXPECT_FALSE(whole->shard_count);
  EXPECT_EQ(parse(distribute(R"({"column": "a", "shard_count": 32000})")).distribute->shard_count, 32000);
  EXPECT_EQ(
      parse(distribute(R"({"column": "a", "shard_count": "8", "colocate_with": "None"})")).distribute->shard_count, 8);
}

TEST(ReadDistribution, TellsWhatIsWrong) {
  expect_problem(distribute("5"), "distribute",
                 R"(Key "distribute" must be an object or "reference", not an integer.)");
  expect_problem(distribute("\"customer\""), "distribute",
                 R"(Key "distribute" must be "reference" or an object such as {"column": "customer_id"}.)");
  expect_problem(distribute("{}"), "distribute.column",
                 R"(Missing key "distribute.column": the column whose values tell which shard a row is in.)");
  expect_problem(distribute(R"({"column": ["a", "b"]})"), "distribute.column",
                 R"(Key "distribute.column" must be a string, not an array.)");
  expect_problem(distribute(R"({"column": "a\u0000"})"), "distribute.column",
                 R"(Key "distribute.column" must not hold the character U+0000.)");
  expect_problem(distribute(R"({"column": "a", "colocate_with": 1})"), "distribute.colocate_with",
                 R"(Key "distribute.colocate_with" must be a string, not an integer.)");
  expect_problem(distribute(R"({"column": "a", "columns": "b"})"), "distribute.columns",
                 R"(Unknown key "distribute.columns"; did you mean "column"?)");
  for (const char* count : {"0", "-1", "32001", "1.5", "\"many\""}) {
    expect_problem(distribute(R"({"column": "a", "shard_count": )" + std::string(count) + "}"),
                   "distribute.shard_count",
                   std::string(count) == "1.5" ? R"(Key "distribute.shard_count" must be an integer, not a number.)"
                                               : R"(Key "distribute.shard_count" must be an integer from 1 to 32000.)");
  }
  expect_problem(
      distribute(R"({"column": "a", "shard_count": 4, "colocate_with": "t"})"), "distribute.shard_count",
      R"(Key "distribute.shard_count" has no place beside "distribute.colocate_with": the table gets as many )"
      R"(shards as that one has.)");
}

TEST(ReadDistribution, TheColumnArrives) {
  expect_problem(distribute(R"({"column": "customer"})", R"(, "columns": ["a", "b"])"), "distribute.column",
                 R"(Column "customer" of key "distribute.column" is not among those of "columns".)");
  EXPECT_TRUE(parse(distribute(R"({"column": "A"})", R"(, "columns": ["a", "b"])")).distribute);
  expect_problem(
      distribute(R"({"column": "a"})", R"(, "default_columns": true)"), "distribute",
      R"(Key "distribute" can't name a column beside "default_columns": the primary key would be cartodb_id, )"
      R"(and that of a distributed table has the distribution column.)");
  EXPECT_TRUE(parse(distribute("\"reference\"", R"(, "default_columns": true)")).default_columns);
}

TEST(ReadDistribution, IsForImportsSyncsAndDryRuns) {
  const std::string value = distribute(R"({"column": "a"})");
  for (const RequestKind kind : {RequestKind::import, RequestKind::sync, RequestKind::dry_run}) {
    EXPECT_TRUE(parse(value, kind).distribute);
  }
  const std::string many = R"({"provider": "mysql", "connection": {"server": "db", "username": "u"}, )"
                           R"("distribute": {"column": "tenant"}})";
  EXPECT_EQ(parse(many, RequestKind::import_tables).distribute->column, "tenant");
  expect_problem(R"({"provider": "mysql", "connection": "s", "table": "t", "distribute": "reference"})", "distribute",
                 R"(Key "distribute" is for imports: a foreign table has no rows of its own.)",
                 RequestKind::foreign_table);
}

}  // namespace
}  // namespace connector::core
