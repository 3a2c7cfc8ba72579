#include <gtest/gtest.h>

#include <random>
#include <string>

#include "drivers/mysql/shown_rules.hpp"

namespace connector::mysql {
namespace {

using core::ForeignKeyAction;

TEST(MysqlShownRules, ReadsTheActions) {
  const auto rules = shown_rules(
      "CREATE TABLE `t` (\n  `a` int(11) DEFAULT NULL COMMENT 'ON DELETE CASCADE',\n  KEY `k` (`a`),\n"
      "  CONSTRAINT `plain` FOREIGN KEY (`a`) REFERENCES `p` (`id`),\n"
      "  CONSTRAINT `both` FOREIGN KEY (`a`, `b`) REFERENCES `d`.`p` (`id`, `x`) ON DELETE SET NULL ON UPDATE "
      "CASCADE,\n"
      "  CONSTRAINT `one` FOREIGN KEY (`a`) REFERENCES `p` (`id`) ON UPDATE NO ACTION,\n"
      "  CONSTRAINT `check` CHECK (`a` > 0)\n) ENGINE=InnoDB");
  ASSERT_EQ(rules.size(), 3U);
  EXPECT_EQ(rules.at("plain").on_delete, ForeignKeyAction::no_action);
  EXPECT_EQ(rules.at("both").on_delete, ForeignKeyAction::set_null);
  EXPECT_EQ(rules.at("both").on_update, ForeignKeyAction::cascade);
  EXPECT_EQ(rules.at("one").on_delete, ForeignKeyAction::no_action);
}

TEST(MysqlShownRules, NamesAreNoRules) {
  const auto rules = shown_rules(
      "  CONSTRAINT `a``b) ON DELETE CASCADE` FOREIGN KEY (`x) ON DELETE CASCADE`) REFERENCES `p) ON UPDATE CASCADE` "
      "(`) ON DELETE SET NULL`) ON UPDATE SET NULL");
  ASSERT_EQ(rules.size(), 1U);
  const ForeignKeyRules& rule = rules.at("a`b) ON DELETE CASCADE");
  EXPECT_EQ(rule.on_delete, ForeignKeyAction::no_action);
  EXPECT_EQ(rule.on_update, ForeignKeyAction::set_null);
}

TEST(MysqlShownRules, AnsiQuotes) {
  EXPECT_EQ(shown_rules("  CONSTRAINT \"c\" FOREIGN KEY (\"a\") REFERENCES \"p\" (\"id\") ON DELETE CASCADE")
                .at("c")
                .on_delete,
            ForeignKeyAction::cascade);
}

TEST(MysqlShownRules, AnyTextIsReadToItsEnd) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same texts in each run
  constexpr std::string_view pieces[] = {"CONSTRAINT ", "`", "\"",         "FOREIGN KEY ", "(", ")",
                                         "\n",          " ", "ON DELETE ", "CASCADE",      "x"};
  for (int i = 0; i < 5000; ++i) {
    std::string text;
    for (int piece = 0; piece < 20; ++piece) text += pieces[random() % std::size(pieces)];
    shown_rules(text);
  }
}

}  // namespace
}  // namespace connector::mysql
