#include "core/request/names.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "core/base/error.hpp"
#include "core/request/reserved_words.hpp"
#include "core/base/utf8.hpp"

namespace connector::core {
namespace {

using Names = std::vector<std::string>;

std::string column(const std::string& name) {
  return normalize_column_names({name}).front();
}

TEST(TableName, ExamplesOfTheOriginal) {
  EXPECT_EQ(normalize_table_name("!#_   where"), "table_where");
  EXPECT_EQ(normalize_table_name("table_"), "table_");
  EXPECT_EQ(normalize_table_name(""), "untitled_table");
  EXPECT_EQ(normalize_table_name("   "), "untitled_table");
}

TEST(TableName, SlipsOfTheOriginalAreGone) {
  EXPECT_EQ(normalize_table_name("mañolo"), "manolo");
  EXPECT_EQ(normalize_table_name("a|b"), "a_b");
}

TEST(TableName, IsLowerCaseAndPlain) {
  EXPECT_EQ(normalize_table_name("  Sales 2024 (final)  "), "sales_2024_final_");
  EXPECT_EQ(normalize_table_name("dbo.Orders"), "dbo_orders");
  EXPECT_EQ(normalize_table_name("a__b___c"), "a_b_c");
  EXPECT_EQ(normalize_table_name("2024"), "table_2024");
  EXPECT_EQ(normalize_table_name("_hidden"), "table_hidden");
  EXPECT_EQ(normalize_table_name("Ünïcode"), "unicode");
  EXPECT_EQ(normalize_table_name("Продажи 2024"), "prodazhi_2024");
  EXPECT_EQ(normalize_table_name("名稱"), "untitled_table");
  EXPECT_EQ(normalize_table_name("名稱 7"), "table_7");
  EXPECT_EQ(normalize_table_name("!!!"), "untitled_table");
}

TEST(TableName, IsCutTo63Bytes) {
  EXPECT_EQ(normalize_table_name(std::string(64, 'a')), std::string(63, 'a'));
  EXPECT_EQ(normalize_table_name(std::string(100, '1')), "table_" + std::string(57, '1'));
  EXPECT_EQ(normalize_table_name("x" + std::string(40, '\xdf')), "x_");  // 40 invalid bytes
}

TEST(TableName, ReservedWordsGetATail) {
  for (const char* word : {"all",
                           "Select",
                           "WHERE",
                           "user",
                           "system_user",
                           "left",
                           "between",
                           "new",
                           "off",
                           "old",
                           "format",
                           "controller",
                           "action",
                           "layergroup",
                           "public",
                           "spatial_ref_sys",
                           "geography_columns",
                           "geometry_columns",
                           "raster_columns",
                           "raster_overviews",
                           "cdb_tablemetadata",
                           "geometry",
                           "raster",
                           "current_catalog",
                           "tablesample",
                           "analyse"}) {
    EXPECT_EQ(normalize_table_name(word), lower_ascii(word) + "_t") << word;
  }
  for (const char* word : {"xmin", "name", "date", "selects", "value", "abort"}) {
    EXPECT_EQ(normalize_table_name(word), word);
  }
}

TEST(ColumnName, ExamplesOfTheOriginal) {
  EXPECT_EQ(column("2abc"), "_2abc");
  EXPECT_EQ(column("Date Due"), "date_due");
  EXPECT_EQ(column("teléfono"), "telefono");
  EXPECT_EQ(column("> min"), "min");
  EXPECT_EQ(column("as"), "_as");
  EXPECT_EQ(column("xmin"), "_xmin");
  EXPECT_EQ(column("action"), "_action");
  EXPECT_EQ(column("__5"), "_5");
  EXPECT_EQ(normalize_column_names({"abc", "Abc", "aBc", "ABC"}), (Names{"abc", "abc_1", "abc_2", "abc_3"}));
  EXPECT_EQ(column("12_ schedule of visits.0"), "_12_schedule_of_visits_0");
  EXPECT_EQ(normalize_column_names({"description/名稱", "description/地址"}), (Names{"description", "description_1"}));
}

TEST(ColumnName, SlipsOfTheOriginalAreGone) {
  EXPECT_EQ(column("автотранспорта"), "avtotransporta");
  EXPECT_EQ(column(std::string(70, 'a')), std::string(63, 'a'));
  const Names long_names = normalize_column_names({std::string(70, 'a'), std::string(71, 'a')});
  EXPECT_EQ(long_names[1], std::string(61, 'a') + "_1");
  EXPECT_EQ(normalize_column_names({"名稱", "id", "地址"}), (Names{"column_1", "id", "column_3"}));
  EXPECT_EQ(column("Paddock"), "paddock");
}

TEST(ColumnName, LosesMarkup) {
  EXPECT_EQ(column("<b>Total</b> &amp; more"), "total_more");
  EXPECT_EQ(column("a&#233;b"), "a_b");
  EXPECT_EQ(column("a < b"), "a_b");
  EXPECT_EQ(column("<5 and >3"), "_5_and_3");  // comparisons are no tags
  EXPECT_EQ(column("AT&T; x"), "at_x");
  EXPECT_EQ(column("a & b; c"), "a_b_c");
  EXPECT_EQ(column("<br"), "br");
}

TEST(ColumnName, DashesAndSpacesAreOneUnderscore) {
  EXPECT_EQ(column(" - first -- second\t\n third - "), "first_second_third");
  EXPECT_EQ(column("a\u00a0b"), "a_b");
  EXPECT_EQ(column("_private"), "_private");
  EXPECT_EQ(column("trailing_"), "trailing_");
  EXPECT_EQ(column("count(*)"), "count");
  EXPECT_EQ(column("count(1)"), "count_1");
  EXPECT_EQ(column("price €"), "price");
}

TEST(ColumnName, ReservedWordsGetAnUnderscore) {
  for (const char* word : {"select", "User", "tableoid", "xmin", "cmin", "xmax", "cmax", "ctid", "between", "new",
                           "off", "old", "format", "controller", "action", "system_user", "inner"}) {
    EXPECT_EQ(column(word), '_' + lower_ascii(word)) << word;
  }
  for (const char* word : {"public", "geometry", "raster", "id", "name", "type"}) EXPECT_EQ(column(word), word);
}

TEST(ColumnName, AnUnnamedColumnGetsItsNumber) {
  EXPECT_EQ(normalize_column_names({"", "a", "", "  "}), (Names{"column_1", "a", "column_3", "column_4"}));
  EXPECT_EQ(normalize_column_names({"column_2", ""}), (Names{"column_2", "column_2_1"}));
}

TEST(ColumnName, AColumnKeepsItsOwnNameBeforeASuffixIsGiven) {
  EXPECT_EQ(normalize_column_names({"a", "a", "a_1"}), (Names{"a", "a_2", "a_1"}));
  EXPECT_EQ(normalize_column_names({"a_1", "a", "A", "A 1"}), (Names{"a_1", "a", "a_2", "a_1_1"}));
  EXPECT_EQ(normalize_column_names({"_", "_"}), (Names{"_", "_1"}));
}

TEST(ColumnName, SuffixesFitInTheLimit) {
  Names remote(1500, std::string(63, 'x'));
  const Names names = normalize_column_names(remote);
  EXPECT_EQ(names[9], std::string(61, 'x') + "_9");
  EXPECT_EQ(names[10], std::string(60, 'x') + "_10");
  EXPECT_EQ(names[1499], std::string(58, 'x') + "_1499");
}

TEST(VerbatimColumnNames, KeepEverything) {
  EXPECT_EQ(verbatim_column_names({"Größe", "größe", "a b", "select", ""}),
            (Names{"Größe", "größe", "a b", "select", "column_5"}));
  EXPECT_EQ(verbatim_column_names({std::string(62, 'a') + "é"}).front(), std::string(62, 'a'));
  EXPECT_EQ(verbatim_column_names({std::string(61, 'a') + "é"}).front(), std::string(61, 'a') + "é");
}

TEST(VerbatimColumnNames, EqualNamesAreErrors) {
  try {
    verbatim_column_names({"a", "b", "a", std::string(63, 'x') + "1", std::string(63, 'x') + "2", "a"});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::duplicated_column);
    EXPECT_STREQ(error.what(), "column names are not unique");
    EXPECT_EQ(error.detail(),
              "Columns 1 and 3 are both named \"a\".\n"
              "Columns 4 and 5 are both named \"" +
                  std::string(63, 'x') +
                  "\".\n"
                  "Columns 1 and 6 are both named \"a\".\n"
                  "Connector error 2005.");
  }
  EXPECT_THROW(verbatim_column_names({"column_2", ""}), Error);
}

std::string unused(std::string_view name, const std::set<std::string>& taken) {
  return unused_name(name, [&](const std::string& candidate) { return taken.contains(candidate); });
}

TEST(UnusedName, ExamplesOfTheOriginal) {
  EXPECT_EQ(unused("table_", {"table_"}), "table_1");
  EXPECT_EQ(unused("table_1", {"table_1"}), "table_1_1");
  const std::string name = std::string(59, 'n') + "_aab";
  EXPECT_EQ(unused(name, {name}), std::string(59, 'n') + "_a_1");
}

TEST(UnusedName, IsTheNameItselfIfItIsFree) {
  EXPECT_EQ(unused("orders", {}), "orders");
  EXPECT_EQ(unused("orders", {"orders_1"}), "orders");
  EXPECT_EQ(unused(std::string(70, 'a'), {}), std::string(63, 'a'));
}

TEST(UnusedName, TriesOneNumberAfterTheOther) {
  EXPECT_EQ(unused("a", {"a", "a_1", "a_2"}), "a_3");
  EXPECT_EQ(unused("a", {"a", "a_2"}), "a_1");
  std::set<std::string> tried;
  const auto name = unused_name(std::string(63, 'a'), [&](const std::string& candidate) {
    EXPECT_LE(candidate.size(), max_name_bytes);
    EXPECT_TRUE(tried.insert(candidate).second) << candidate;
    return tried.size() <= 10000;
  });
  EXPECT_EQ(name, std::string(57, 'a') + "_10000");
}

TEST(UnusedName, CutsAtACharacter) {
  const std::string name = std::string(60, 'a') + "é";
  EXPECT_EQ(unused(name, {name}), std::string(60, 'a') + "_1");
}

TEST(UnusedName, GivesUpAfterTenThousand) {
  int tries = 0;
  try {
    unused_name("a", [&](const std::string&) { return ++tries > 0; });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::bad_name);
    EXPECT_EQ(tries, 10001);
  }
}

TEST(TruncateUtf8, EndsAtACharacter) {
  EXPECT_EQ(truncate_utf8("abc", 5), "abc");
  EXPECT_EQ(truncate_utf8("abc", 2), "ab");
  EXPECT_EQ(truncate_utf8("abc", 0), "");
  EXPECT_EQ(truncate_utf8("aé", 2), "a");
  EXPECT_EQ(truncate_utf8("aé", 3), "aé");
  EXPECT_EQ(truncate_utf8("a😀b", 4), "a");
  EXPECT_EQ(truncate_utf8("a😀b", 5), "a😀");
  EXPECT_EQ(truncate_utf8("é", 1), "");
  EXPECT_EQ(truncate_utf8("\x80\x80\x80\x80\x80\x80", 5).size(), 5u);  // no UTF-8: cut anywhere
}

/// Random text of letters that matter here, other characters, and now and then an invalid byte.
std::string random_text(std::mt19937& random) {
  const auto pick = [&](unsigned bound) { return static_cast<unsigned>(random() % bound); };
  static const char* const pieces[] = {"a",      "B",      "_",    "-", " ",     "1", "9",       "|",       "select",
                                       "xmin",   "é",      "Ñ",    "ß", "Я",     "щ", "и\u0306", "名",      "😀",
                                       "\u0301", "\u00a0", "<b>",  "<", "&amp;", "&", ";",       "column_", "table_",
                                       "\"",     "\xff",   "\xc3", ".", "ω",     "Ⅷ"};
  std::string text;
  const unsigned length = pick(4) == 0 ? pick(90) : pick(8);
  for (unsigned i = 0; i < length; ++i) text += pieces[pick(std::size(pieces))];
  return text;
}

void expect_plain(const std::string& name) {
  ASSERT_FALSE(name.empty());
  ASSERT_LE(name.size(), max_name_bytes) << name;
  ASSERT_TRUE((name[0] >= 'a' && name[0] <= 'z') || name[0] == '_') << name;
  ASSERT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos) << name;
  ASSERT_EQ(name.find("__"), std::string::npos) << name;
}

TEST(NameProperties, TablesAreNormalizedOnce) {
  std::mt19937 random(20240229);
  for (int i = 0; i < 20000; ++i) {
    const std::string text = random_text(random);
    const std::string name = normalize_table_name(text);
    expect_plain(name);
    ASSERT_FALSE(is_reserved_table_name(name)) << text;
    ASSERT_EQ(normalize_table_name(name), name) << text;
    const std::string next = unused_name(name, [&](const std::string& candidate) { return candidate == name; });
    expect_plain(next);
    ASSERT_EQ(normalize_table_name(next), next) << text;
  }
}

TEST(NameProperties, ColumnsAreUniqueAndNormalizedOnce) {
  std::mt19937 random(20240301);
  for (int i = 0; i < 3000; ++i) {
    Names remote(random() % 12);
    for (std::string& name : remote) name = random_text(random);
    const Names names = normalize_column_names(remote);
    ASSERT_EQ(names.size(), remote.size());
    ASSERT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
    for (const std::string& name : names) {
      expect_plain(name);
      ASSERT_FALSE(is_reserved_column_name(name));
    }
    ASSERT_EQ(normalize_column_names(names), names);
  }
}

}  // namespace
}  // namespace connector::core
