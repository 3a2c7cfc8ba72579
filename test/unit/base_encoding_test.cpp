#include "core/base/encoding.hpp"

#include <gtest/gtest.h>

#include <string>

namespace connector::core {
namespace {

TEST(Encoding, EveryCanonicalNameIsItself) {
  // pg_encoding_to_char() of 0 to 41.
  for (const char* name :
       {"SQL_ASCII",     "EUC_JP",  "EUC_CN",  "EUC_KR",  "EUC_TW",     "EUC_JIS_2004", "UTF8",
        "MULE_INTERNAL", "LATIN1",  "LATIN2",  "LATIN3",  "LATIN4",     "LATIN5",       "LATIN6",
        "LATIN7",        "LATIN8",  "LATIN9",  "LATIN10", "WIN1256",    "WIN1258",      "WIN866",
        "WIN874",        "KOI8R",   "WIN1251", "WIN1252", "ISO_8859_5", "ISO_8859_6",   "ISO_8859_7",
        "ISO_8859_8",    "WIN1250", "WIN1253", "WIN1254", "WIN1255",    "WIN1257",      "KOI8U",
        "SJIS",          "BIG5",    "GBK",     "UHC",     "GB18030",    "JOHAB",        "SHIFT_JIS_2004"}) {
    EXPECT_EQ(canonical_encoding(name), name);
  }
}

TEST(Encoding, AliasesInAnySpelling) {
  EXPECT_EQ(canonical_encoding("iso88591"), "LATIN1");
  EXPECT_EQ(canonical_encoding("ISO_8859-1"), "LATIN1");
  EXPECT_EQ(canonical_encoding("iso-8859-15"), "LATIN9");
  EXPECT_EQ(canonical_encoding("utf-8"), "UTF8");
  EXPECT_EQ(canonical_encoding("Unicode"), "UTF8");
  EXPECT_EQ(canonical_encoding("windows-1251"), "WIN1251");
  EXPECT_EQ(canonical_encoding("KOI8"), "KOI8R");
  EXPECT_EQ(canonical_encoding("ShiftJIS"), "SJIS");
  EXPECT_EQ(canonical_encoding("Mskanji"), "SJIS");
  EXPECT_EQ(canonical_encoding("win950"), "BIG5");
  EXPECT_EQ(canonical_encoding("TCVN5712"), "WIN1258");
  EXPECT_EQ(canonical_encoding("alt"), "WIN866");
}

TEST(Encoding, OthersAreNone) {
  for (const char* name : {"", "-", "utf16", "ascii", "latin11", "utf8x", "é"}) {
    EXPECT_FALSE(canonical_encoding(name)) << name;
  }
  EXPECT_FALSE(canonical_encoding(std::string(60, '-') + "utf8"));  // PostgreSQL refuses names of 64 bytes
  EXPECT_TRUE(canonical_encoding(std::string(59, '-') + "utf8"));
}

}  // namespace
}  // namespace connector::core
