#include "core/base/utf8.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace connector::core {
namespace {

std::vector<char32_t> decoded(std::string_view text) {
  std::vector<char32_t> result;
  for (std::size_t position = 0; position < text.size();) result.push_back(decode_utf8(text, position));
  return result;
}

using Characters = std::vector<char32_t>;
constexpr char32_t bad = invalid_utf8;

TEST(Utf8, DecodesEveryLength) {
  EXPECT_EQ(decoded(std::string_view("\0\x7f", 2)), (Characters{0, 0x7f}));
  EXPECT_EQ(decoded("\xc2\x80\xdf\xbf"), (Characters{0x80, 0x7ff}));
  EXPECT_EQ(decoded("\xe0\xa0\x80\xef\xbf\xbf"), (Characters{0x800, 0xffff}));
  EXPECT_EQ(decoded("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), (Characters{0x10000, 0x10ffff}));
}

TEST(Utf8, PassesInvalidBytesOneByOne) {
  EXPECT_EQ(decoded("\x80"), (Characters{bad}));
  EXPECT_EQ(decoded("\xc3"), (Characters{bad}));
  EXPECT_EQ(decoded("\xc3x"), (Characters{bad, 'x'}));
  EXPECT_EQ(decoded("\xc0\x80"), (Characters{bad, bad}));                    // overlong
  EXPECT_EQ(decoded("\xe0\x9f\xbf"), (Characters{bad, bad, bad}));           // overlong
  EXPECT_EQ(decoded("\xed\xa0\x80"), (Characters{bad, bad, bad}));           // a surrogate
  EXPECT_EQ(decoded("\xf4\x90\x80\x80"), (Characters{bad, bad, bad, bad}));  // beyond U+10FFFF
  EXPECT_EQ(decoded("\xf5\x80\x80\x80").front(), bad);
  EXPECT_EQ(decoded("\xe2\x82"), (Characters{bad, bad}));
  EXPECT_EQ(decoded("\xff"), (Characters{bad}));
}

TEST(ShownText, EscapesWhatDisturbsATerminal) {
  EXPECT_EQ(shown_text("plain é 名"), "plain é 名");
  EXPECT_EQ(shown_text("\x1b[31m\t\u0085"), "\\x1b[31m\\x09\\xc2\\x85");
  EXPECT_EQ(shown_text("\xfe"), "\\xfe");
  EXPECT_EQ(shown_text("abcdef", 3), "abc...");
  EXPECT_EQ(shown_text("", 0), "");
  EXPECT_EQ(core::quoted("a"), "\"a\"");
}

TEST(LowerAscii, LeavesOtherBytes) {
  EXPECT_EQ(lower_ascii("AZ[É_9"), "az[É_9");
}

}  // namespace
}  // namespace connector::core
