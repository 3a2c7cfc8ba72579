#include <gtest/gtest.h>

#include <string_view>

#include "core/request/masked_connector.hpp"
#include "core/request/request_of_table.hpp"
#include "fake_provider.hpp"

namespace connector::core {
namespace {

StoredRequest stored(std::string_view json) {
  MaskedConnector masked = mask_connector(json, testing::fake_registry());
  return {masked.text, masked.secrets, true};
}

TEST(RequestOfTable, NamesTheTableAndSkipsWhatIsThere) {
  const RequestOfTable many(stored(R"({"provider":"mysql","connection":"shop"})"));
  EXPECT_EQ(many.with("", "orders").masked,
            R"({"provider":"mysql","connection":"shop","collision_strategy":"skip","table":"orders"})");
  EXPECT_EQ(many.with("s", "ord\"ers").masked,
            R"({"provider":"mysql","connection":"shop","collision_strategy":"skip","schema":"s","table":"ord\"ers"})");
  EXPECT_TRUE(many.with("", "orders").trusted);
}

TEST(RequestOfTable, KeepsWhatWasAskedFor) {
  const RequestOfTable many(
      stored(R"({"Schema":null,"provider":"mysql","Collision_Strategy":"overwrite","table":""})"));
  EXPECT_EQ(many.with("s", "t").masked,
            R"({"Schema":"s","provider":"mysql","Collision_Strategy":"overwrite","table":"t"})");
}

TEST(RequestOfTable, SecretsStayInTheirPlaces) {
  const RequestOfTable many(
      stored(R"({"schema":null,"connection":{"server":"d","password":"hunter2"},"provider":"mysql"})"));
  const StoredRequest one = many.with("s", "t");
  EXPECT_EQ(one.masked.find("hunter2"), std::string::npos);
  EXPECT_EQ(whole_connector(one),
            R"({"schema":"s","connection":{"server":"d","password":"hunter2"},"provider":"mysql",)"
            R"("collision_strategy":"skip","table":"t"})");
}

TEST(RequestOfTable, ABlankStrategyIsNone) {
  EXPECT_EQ(RequestOfTable(stored(R"({"collision_strategy":" "})")).with("", "t").masked,
            R"({"collision_strategy":"skip","table":"t"})");
}

}  // namespace
}  // namespace connector::core
