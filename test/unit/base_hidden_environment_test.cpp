#include "core/base/hidden_environment.hpp"

#include <cstdlib>
#include <optional>

#include <gtest/gtest.h>

namespace connector::core {
namespace {

constexpr const char* first = "CONNECTOR_TEST_FIRST";
constexpr const char* second = "CONNECTOR_TEST_SECOND";
constexpr const char* unset = "CONNECTOR_TEST_UNSET";
constexpr const char* one[] = {first};
constexpr const char* all[] = {first, second, unset};

class HiddenEnvironmentTest : public testing::Test {
 protected:
  void SetUp() override {
    setenv(first, "1", 1);
    setenv(second, "2", 1);
    unsetenv(unset);
  }
  void TearDown() override {
    unsetenv(first);
    unsetenv(second);
  }
};

TEST_F(HiddenEnvironmentTest, HidesAndPutsBack) {
  {
    const HiddenEnvironment hidden(all);
    EXPECT_EQ(std::getenv(first), nullptr);
    EXPECT_EQ(std::getenv(second), nullptr);
  }
  EXPECT_STREQ(std::getenv(first), "1");
  EXPECT_STREQ(std::getenv(second), "2");
  EXPECT_EQ(std::getenv(unset), nullptr);
}

/// As logins of several connections do that are suspended in each other's middle.
TEST_F(HiddenEnvironmentTest, TheLastOnePutsBack) {
  std::optional<HiddenEnvironment> earlier(all), later(all);
  earlier.reset();
  EXPECT_EQ(std::getenv(first), nullptr);
  EXPECT_EQ(std::getenv(second), nullptr);
  later.reset();
  EXPECT_STREQ(std::getenv(first), "1");
  EXPECT_STREQ(std::getenv(second), "2");
  EXPECT_EQ(std::getenv(unset), nullptr);
}

TEST_F(HiddenEnvironmentTest, EachVariableByItself) {
  std::optional<HiddenEnvironment> earlier(all), later(one);
  earlier.reset();
  EXPECT_EQ(std::getenv(first), nullptr);
  EXPECT_STREQ(std::getenv(second), "2");
  later.reset();
  EXPECT_STREQ(std::getenv(first), "1");
}

TEST_F(HiddenEnvironmentTest, OneNameTwice) {
  constexpr const char* twice[] = {first, first};
  std::optional<HiddenEnvironment> hidden(twice);
  EXPECT_EQ(std::getenv(first), nullptr);
  hidden.reset();
  EXPECT_STREQ(std::getenv(first), "1");
}

}  // namespace
}  // namespace connector::core
