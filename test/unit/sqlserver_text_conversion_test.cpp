#include "drivers/sqlserver/freetds/text_conversion.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace connector::sqlserver {
namespace {

/// Converts as the library does: `piece` bytes at a time, what is left of one in front of the next, `room` bytes for
/// the result. What can't go on ends it with "!".
std::string converted(const char* encoding, std::string_view from, std::size_t piece = 4096, std::size_t room = 65536) {
  const iconv_t conversion = open_conversion("UTF-8", encoding);
  EXPECT_NE(conversion, reinterpret_cast<iconv_t>(-1));
  std::string result;
  std::string pending;
  bool is_stuck = false;
  while (!is_stuck && (!from.empty() || !pending.empty())) {
    pending += from.substr(0, piece);
    from.remove_prefix(std::min(piece, from.size()));
    // In memory of its own size, so that AddressSanitizer sees each byte too many.
    std::vector<char> source(pending.begin(), pending.end());
    std::vector<char> target(room);
    char* in = source.data();
    char* out = target.data();
    std::size_t in_left = source.size(), out_left = target.size();
    bool has_invalid = false;
    const std::size_t status = convert(conversion, &in, &in_left, &out, &out_left, has_invalid);
    const std::string_view written(target.data(), target.size() - out_left);
    EXPECT_EQ(has_invalid, written.find(invalid_character) != std::string_view::npos);
    EXPECT_TRUE(status != 0 || in_left == 0);
    result += written;
    is_stuck = in_left == pending.size();
    pending.assign(in, in_left);
  }
  if (is_stuck) result += '!';
  EXPECT_EQ(convert(conversion, nullptr, nullptr, nullptr, nullptr, is_stuck), 0U);
  close_conversion(conversion);
  return result;
}

std::string utf16(std::u16string_view text) {
  std::string bytes;
  for (const char16_t unit : text) {
    bytes += static_cast<char>(unit & 0xff);
    bytes += static_cast<char>(unit >> 8);
  }
  return bytes;
}

constexpr const char16_t* mixed =
    u"plain ASCII, é, ж, 日本, \U0001F600\U0010FFFF, \x7f\x80\x7ff\x800\xd7ff\xe000\xffff and on";
constexpr const char* mixed_utf8 =
    "plain ASCII, é, ж, 日本, \U0001F600\U0010FFFF, \x7f\u0080\u07ff\u0800\xed\x9f\xbf\ue000\xef\xbf\xbf and on";

TEST(Utf16, IsConverted) {
  EXPECT_EQ(converted("UTF-16LE", utf16(mixed)), mixed_utf8);
  EXPECT_EQ(converted("UTF-16LE", ""), "");
  EXPECT_EQ(converted("UTF-16LE", utf16(std::u16string(5000, u'a'))), std::string(5000, 'a'));
}

TEST(Utf16, ComesInPieces) {
  // The library never gives less than a character, unless there is no more.
  for (std::size_t piece = 4; piece < 20; ++piece) EXPECT_EQ(converted("UTF-16LE", utf16(mixed), piece), mixed_utf8);
}

TEST(Utf16, FillsTheRoomThatThereIs) {
  for (std::size_t room = 4; room < 20; ++room) EXPECT_EQ(converted("UTF-16LE", utf16(mixed), 7, room), mixed_utf8);
  EXPECT_EQ(converted("UTF-16LE", utf16(u"日"), 4096, 2), "!");
}

TEST(Utf16, LoneSurrogatesAreMarked) {
  const char16_t high[] = {u'a', 0xd83d, u'b', 0};
  const char16_t low[] = {u'a', 0xde00, u'b', 0};
  const char16_t swapped[] = {0xde00, 0xd83d, 0xde00, 0};
  const char16_t last[] = {u'a', 0xd83d, 0};
  EXPECT_EQ(converted("UTF-16LE", utf16(high)),
            "a\xff"
            "b");
  EXPECT_EQ(converted("UTF-16LE", utf16(low)),
            "a\xff"
            "b");
  EXPECT_EQ(converted("UTF-16LE", utf16(swapped)), "\xff\U0001F600");
  EXPECT_EQ(converted("UTF-16LE", utf16(last)), "a\xff");
  EXPECT_EQ(converted("UTF-16LE", utf16(last).substr(2)), "\xff");
  EXPECT_EQ(converted("UTF-16LE", "a"), "\xff") << "half a character";
}

TEST(CodePages, AreConverted) {
  EXPECT_EQ(converted("CP1252", "d\xe9j\xe0 vu, 5 \x80 and some more ASCII"), "déjà vu, 5 € and some more ASCII");
  EXPECT_EQ(converted("CP1251", "\xe6\xc6\xb8, \xef\xf0\xe8\xe2\xe5\xf2"), "жЖё, привет");
  EXPECT_EQ(converted("CP932", "ASCII \x93\xfa\x96\x7b\xb1 \x83\x5c\\"), "ASCII 日本ｱ ソ\\")
      << "ソ ends with a backslash";
  for (std::size_t piece = 4; piece < 9; ++piece) {
    EXPECT_EQ(converted("CP932",
                        "\x93\xfa"
                        "a\x96\x7b"
                        "b\x83\x5c\\",
                        piece, 5),
              "日a本bソ\\");
  }
  EXPECT_EQ(converted("CP1258", "a\xcc, \xe2\xcc"), "a\u0300, \u00e2\u0300")
      << "not composed: the server does not, either";
  EXPECT_EQ(converted("CP1255", "\xf9\xd1"), "\u05e9\u05c1");
}

TEST(CodePages, FillTheRoomThatThereIs) {
  for (std::size_t room = 3; room < 12; ++room) {
    EXPECT_EQ(converted("CP1252", "d\xe9j\xe0 vu, 5 \x80 more", 4096, room), "déjà vu, 5 € more");
    EXPECT_EQ(converted("CP1255", "\xf9\xd1 a\xf9\xd1", 4096, room), "\u05e9\u05c1 a\u05e9\u05c1");
    EXPECT_EQ(converted("CP932",
                        "a\x93\xfa"
                        "b\x96\x7b"
                        "c",
                        4096, room),
              "a日b本c");
  }
}

TEST(CodePages, FreeBytesAreControlCharacters) {
  EXPECT_EQ(converted("CP1252", "\x81\x8d\x8f\x90\x9d"), "\u0081\u008d\u008f\u0090\u009d");
  EXPECT_EQ(converted("CP1252", "a\x81", 4096, 2), "a\u0081");
}

TEST(CodePages, WhatHasNoMeaningIsMarked) {
  EXPECT_EQ(converted("CP1253", "a\xaa\xd2z"), "a\xff\xffz");
  EXPECT_EQ(converted("CP932",
                      "a\xff"
                      "b"),
            "a\xff"
            "b");
  EXPECT_EQ(converted("CP932", "a\x93"), "a\xff") << "half a character";
}

TEST(OtherConversions, AreIconvs) {
  const iconv_t conversion = open_conversion("UTF-16LE", "UTF-8");
  std::string from = "é";
  std::string to(4, '\0');
  char *in = from.data(), *out = to.data();
  std::size_t in_left = from.size(), out_left = to.size();
  bool has_invalid = false;
  EXPECT_EQ(convert(conversion, &in, &in_left, &out, &out_left, has_invalid), 0U);
  EXPECT_EQ(to.substr(0, 2), "\xe9" + std::string(1, '\0'));
  EXPECT_EQ(close_conversion(conversion), 0);
}

}  // namespace
}  // namespace connector::sqlserver
