// Requests for foreign tables: what of a request they take, and how a connection given as an object becomes a server.
#include <gtest/gtest.h>

#include <string>

#include "requests.hpp"

namespace connector::core {
namespace {

using testing::expect_problem;
using testing::refusal;
using testing::Refusal;

constexpr auto kind = RequestKind::foreign_table;

std::string of_server(std::string_view members) {
  return R"({"provider": "mysql", "connection": "shop", )" + std::string(members) + '}';
}

std::string hint_for(std::string_view connection) {
  return refusal(R"({"provider": "mysql", "table": "t", "connection": {)" + std::string(connection) + "}}", kind).hint;
}

TEST(ForeignTableRequest, TakesWhatSaysWhatIsRead) {
  const ConnectorSpec spec =
      testing::parse(of_server(R"("sql_query": "SELECT 1;", "import_as": "one", "schema": "s", "columns": {"a": "text"},
                   "target_schema": "here", "collision_strategy": "skip", "column_names": "verbatim",
                   "encoding": "latin1", "invalid_values": "null")"),
                     kind);
  EXPECT_EQ(spec.foreign_server, "shop");
  EXPECT_EQ(spec.sql_query, "SELECT 1");
  EXPECT_EQ(spec.encoding, "LATIN1");
  EXPECT_EQ(spec.collision_strategy, CollisionStrategy::skip);
  EXPECT_EQ(spec.columns.size(), 1u);
}

TEST(ForeignTableRequest, RefusesWhatIsAboutLoadingRows) {
  const Refusal found =
      refusal(of_server(R"("table": "t", "max_rows": 5, "default_columns": true, "keep": [], "sync": {})"), kind);
  EXPECT_EQ(found.message, R"(invalid connector parameters: "max_rows", "default_columns", "keep", "sync")");
  EXPECT_NE(found.detail.find(R"(Key "keep" is for imports: a foreign table has no rows of its own.)"),
            std::string::npos);
}

TEST(ForeignTableRequest, NeedsATableOrAQuery) {
  expect_problem(of_server(R"("import_as": "t")"), "table",
                 R"(Missing key "table": either "table" or "sql_query" must say what to read.)", kind);
  expect_problem(of_server(R"("tabel": "t", "table": "t")"), "tabel", R"(Unknown key "tabel"; did you mean "table"?)",
                 kind);
}

TEST(ForeignTableRequest, HasNoInterval) {
  expect_problem(R"({"connector": )" + of_server(R"("table": "t")") + R"(, "interval": 900})", "interval",
                 R"(Key "interval" is for a sync: a foreign table always shows the rows of the moment.)", kind);
}

TEST(ForeignTableRequest, AConnectionMustBeAServerAndIsToldHow) {
  const Refusal found = refusal(
      R"({"provider": "mysql", "table": "t", "connection": {"server": "db", "username": "o'hara", "password": "hunter2",
          "database": "Web Shop"}})",
      kind);
  EXPECT_EQ(found.number, ErrorNumber::invalid_parameters);
  EXPECT_EQ(found.message, R"(invalid connector parameters: "connection")");
  EXPECT_EQ(found.hint,
            "CREATE SERVER web_shop FOREIGN DATA WRAPPER connector OPTIONS (provider 'mysql', server 'db', database "
            "'Web Shop'); CREATE USER MAPPING FOR CURRENT_USER SERVER web_shop OPTIONS (username 'o''hara', password "
            "'...'); \"connection\": \"web_shop\" names it then.");
  EXPECT_EQ((found.message + found.detail + found.hint).find("hunter2"), std::string::npos);
}

TEST(ForeignTableRequest, TheHintNeverHoldsASecret) {
  EXPECT_EQ(hint_for(R"("server": "mysql://ana:hunter2@db/shop", "password": "hunter2")").find("hunter2"),
            std::string::npos);
  EXPECT_EQ(hint_for(R"("server": "db", "database": "password=hunter2 host=db")").find("hunter2"), std::string::npos);
}

TEST(ForeignTableRequest, WithoutALoginThereIsAMappingAllTheSame) {
  EXPECT_NE(hint_for(R"("server": "db")").find("CREATE USER MAPPING FOR CURRENT_USER SERVER mysql; "),
            std::string::npos);
}

}  // namespace
}  // namespace connector::core
