#include "drivers/mysql/dialect.hpp"

#include <gtest/gtest.h>

namespace connector::mysql {
namespace {

TEST(MysqlDialect, QuotesIdentifiers) {
  EXPECT_EQ(quote_identifier("plain"), "`plain`");
  EXPECT_EQ(quote_identifier("a`b"), "`a``b`");
  EXPECT_EQ(quote_identifier("mañana \"x\" 'y' \\"), "`mañana \"x\" 'y' \\`");
  EXPECT_EQ(quote_table("my db", "t`"), "`my db`.`t```");
}

TEST(MysqlDialect, QuotesLiterals) {
  EXPECT_EQ(quote_literal("plain"), "'plain'");
  EXPECT_EQ(quote_literal("it's"), "'it\\'s'");
  EXPECT_EQ(quote_literal("\\"), "'\\\\'");
  EXPECT_EQ(quote_literal(std::string_view("a\0b", 3)), "'a\\0b'");
}

}  // namespace
}  // namespace connector::mysql
