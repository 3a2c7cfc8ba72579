#include "core/remote/secret_mask.hpp"

#include <gtest/gtest.h>

#include "fake_provider.hpp"

namespace connector::core {
namespace {

const ProviderInfo& info() {
  return testing::fake_registry().find("odbc")->info();
}

TEST(SecretMask, SecretsAreFoundWhereverTheyStand) {
  const SecretMask mask(info(), {{"password", "s3cret!pw"}, {"driver", "PostgreSQL"}, {"authtoken", "abcdefgh"}});
  EXPECT_EQ(mask("PWD={s3cret!pw};x=s3cret!pw of PostgreSQL, abcdefgh"),
            "PWD={********};x=******** of PostgreSQL, ********");
  EXPECT_EQ(mask("nothing"), "nothing");
}

TEST(SecretMask, ShortOnesOnlyBehindTheirName) {
  const SecretMask mask(info(), {{"password", "p"}});
  EXPECT_EQ(mask("PWD=p;public, PWD={p}"), "PWD=********;public, PWD={********}");
}

TEST(SecretMask, AsConnectionStringsHaveThem) {
  const SecretMask mask(info(), {{"password", "curly}brace"}});
  EXPECT_EQ(mask("PWD={curly}}brace}"), "PWD={********}");
}

TEST(SecretMask, OneThatIsAPartOfAnother) {
  const SecretMask mask(info(), {{"password", "abcdef"}, {"clientsecret", "abcdefghi"}});
  EXPECT_EQ(mask("abcdefghi abcdef"), "******** ********");
}

TEST(SecretMask, WhichOptionsAreSecret) {
  EXPECT_TRUE(is_secret_option(info(), "password"));
  EXPECT_FALSE(is_secret_option(info(), "driver"));
  EXPECT_TRUE(is_secret_option(info(), "sslkeypassphrase"));
  EXPECT_FALSE(is_secret_option(info(), "warehouse"));
}

}  // namespace
}  // namespace connector::core
