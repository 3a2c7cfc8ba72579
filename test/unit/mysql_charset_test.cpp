#include "drivers/mysql/charset.hpp"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace connector::mysql {
namespace {

std::optional<std::string> converted(std::string_view bytes, WideForm form) {
  std::string out;
  if (!append_utf8(out, bytes, form)) return std::nullopt;
  return out;
}

TEST(MysqlCharset, CollationsHaveCharsets) {
  // What the server converts to.
  EXPECT_EQ(charset_of_collation(45, {}).name, "utf8mb4");
  EXPECT_EQ(charset_of_collation(45, {}).max_bytes, 4U);
  EXPECT_EQ(charset_of_collation(255, {}).name, "utf8mb4");   // MySQL 8's default
  EXPECT_EQ(charset_of_collation(2304, {}).name, "utf8mb4");  // MariaDB's uca1400
  EXPECT_EQ(charset_of_collation(33, {}).max_bytes, 3U);
  EXPECT_EQ(charset_of_collation(65000, {}).max_bytes, 0U);
  // Else nothing counts but what the server says.
  const TextReading stored{.encoding = "LATIN1", .charsets = {{309, {"utf8mb4", 4}}, {119, {"utf16", 4}}}};
  EXPECT_EQ(charset_of_collation(309, stored).name, "utf8mb4");
  EXPECT_EQ(charset_of_collation(119, stored).name, "utf16");
  EXPECT_EQ(charset_of_collation(8, stored).name, "");
}

TEST(MysqlCharset, CharactersThatBytesMayBe) {
  const auto read_as = [](const Charset& charset, const char* encoding) {
    return max_characters(24, charset, text_arrival(charset, encoding));
  };
  EXPECT_EQ(read_as({"latin1", 1}, "UTF8"), 24U);
  EXPECT_EQ(read_as({"cp932", 2}, "SJIS"), 12U);
  EXPECT_EQ(read_as({"cp932", 2}, "EUC_JP"), 24U);
  EXPECT_EQ(read_as({"ujis", 3}, "EUC_JP"), 8U);
  EXPECT_EQ(read_as({"ujis", 3}, "SJIS"), 24U);
  EXPECT_EQ(read_as({"euckr", 2}, "UHC"), 12U);
  EXPECT_EQ(read_as({"gb18030", 4}, "GB18030"), 6U);
  EXPECT_EQ(read_as({"gb18030", 4}, "LATIN1"), 24U);
  for (const char* name : {"utf8mb4", "utf16", "utf16le", "utf32"}) EXPECT_EQ(read_as({name, 4}, "LATIN1"), 6U) << name;
  EXPECT_EQ(max_characters(24, {}, {}), 0U);
}

TEST(MysqlCharset, WithoutEncodingTheServerConverts) {
  for (const char* name : {"latin1", "utf8mb4", "utf16", "cp1251", ""}) {
    const TextArrival arrival = text_arrival({name, 1}, std::nullopt);
    EXPECT_EQ(arrival.encoding, "UTF8") << name;
    EXPECT_EQ(arrival.wide, WideForm::none) << name;
  }
}

TEST(MysqlCharset, WithEncodingTextArrivesAsStored) {
  EXPECT_EQ(text_arrival({"cp1251", 1}, "WIN1251").encoding, "WIN1251");
  EXPECT_EQ(text_arrival({"latin1", 1}, "WIN1251").encoding, "WIN1251");
  EXPECT_EQ(text_arrival({"latin1", 1}, "UTF8").encoding, "UTF8");
  EXPECT_EQ(text_arrival({"latin1", 1}, "LATIN1").encoding, "WIN1252");
  EXPECT_EQ(text_arrival({"latin2", 1}, "LATIN1").encoding, "LATIN1");
  for (const char* name : {"utf8", "utf8mb3", "utf8mb4"}) {
    EXPECT_EQ(text_arrival({name, 4}, "WIN1251").encoding, "UTF8") << name;
  }
  EXPECT_EQ(text_arrival({"ucs2", 2}, "WIN1251").wide, WideForm::utf16);
  EXPECT_EQ(text_arrival({"utf16", 4}, "WIN1251").wide, WideForm::utf16);
  EXPECT_EQ(text_arrival({"utf16le", 4}, "WIN1251").wide, WideForm::utf16le);
  EXPECT_EQ(text_arrival({"utf32", 4}, "WIN1251").wide, WideForm::utf32);
  EXPECT_EQ(text_arrival({"utf32", 4}, "WIN1251").encoding, "UTF8");
}

TEST(MysqlCharset, ConvertsWideText) {
  EXPECT_EQ(converted({"\0a\0\xe9\x20\xac\xd8\x3d\xde\x00", 10}, WideForm::utf16), "aé€😀");
  EXPECT_EQ(converted({"a\0\xe9\0\xac\x20\x3d\xd8\x00\xde", 10}, WideForm::utf16le), "aé€😀");
  EXPECT_EQ(converted({"\0\0\0a\0\0\0\xe9\0\0\x20\xac\0\x01\xf6\x00", 16}, WideForm::utf32), "aé€😀");
  for (const WideForm form : {WideForm::utf16, WideForm::utf16le, WideForm::utf32}) EXPECT_EQ(converted("", form), "");
}

TEST(MysqlCharset, RefusesWhatIsNoText) {
  EXPECT_FALSE(converted("a", WideForm::utf16));
  EXPECT_FALSE(converted({"\xd8\x3d", 2}, WideForm::utf16));     // a high surrogate at the end
  EXPECT_FALSE(converted({"\xd8\x3d\0a", 4}, WideForm::utf16));  // and one before a letter
  EXPECT_FALSE(converted({"\xde\0\0a", 4}, WideForm::utf16));    // a low one alone
  EXPECT_FALSE(converted({"\0\0\0", 3}, WideForm::utf32));
  EXPECT_FALSE(converted({"\0\x11\0\0", 4}, WideForm::utf32));  // beyond U+10FFFF
  EXPECT_FALSE(converted({"\xff\xff\xff\xff", 4}, WideForm::utf32));
  EXPECT_FALSE(converted({"\0\0\xd8\0", 4}, WideForm::utf32));  // a surrogate
}

}  // namespace
}  // namespace connector::mysql
