#include "core/remote/registry.hpp"

#include <gtest/gtest.h>

#include <set>

#include "reader/providers.hpp"
#include "core/request/common_parameters.hpp"
#include "fake_provider.hpp"

namespace connector::core {
namespace {

TEST(Registry, FindsWhatWasBuiltInByItsExactId) {
  const Registry& registry = testing::fake_registry();
  ASSERT_NE(registry.find("mysql"), nullptr);
  EXPECT_EQ(registry.find("mysql")->info().name, "MySQL");
  EXPECT_EQ(registry.find("MySQL"), nullptr);
  EXPECT_EQ(registry.find("sqlserver"), nullptr);  // known, not built in
  EXPECT_EQ(registry.find(""), nullptr);
  EXPECT_EQ(registry.all().size(), 5u);
}

TEST(Registry, TheProjectsProvidersInTheirOrder) {
  std::vector<std::string_view> ids;
  for (const KnownProvider& known : providers().all()) {
    ids.push_back(known.id);
    EXPECT_FALSE(known.name.empty());
    EXPECT_TRUE(known.provider == nullptr || known.provider->info().id == known.id) << known.id;
  }
  EXPECT_EQ(ids, (std::vector<std::string_view>{"mysql", "postgres", "sqlserver", "hive", "odbc"}));
}

TEST(CommonParameters, AreThoseOfTheContract) {
  std::set<std::string_view> names;
  for (const ParameterInfo& parameter : common_parameters()) {
    EXPECT_TRUE(names.insert(parameter.name).second);
    EXPECT_TRUE(parameter.description.ends_with(".")) << parameter.name;
    EXPECT_EQ(parameter.required, parameter.name == "provider" || parameter.name == "connection");
    EXPECT_FALSE(parameter.secret);
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"provider", "connection", "table", "sql_query", "import_as", "schema",
                                               "encoding", "columns", "max_rows", "collision_strategy", "target_schema",
                                               "column_names", "default_columns", "keep", "distribute", "readers",
                                               "invalid_values", "sync"}));
}

TEST(WithDefaults, FillsInWhatIsMissing) {
  const ProviderInfo& info = testing::fake_registry().find("mysql")->info();
  const ConnectionOptions filled = with_defaults(info, {{"server", "d"}, {"sslmode", "require"}});
  EXPECT_EQ(filled,
            (ConnectionOptions{{"server", "d"}, {"port", "3306"}, {"sslmode", "require"}, {"compression", "false"}}));
}

}  // namespace
}  // namespace connector::core
