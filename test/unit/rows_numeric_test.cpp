#include "core/rows/numeric.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "core/rows/row_batch.hpp"

namespace connector::core {
namespace {

using Words = std::vector<std::uint16_t>;

Words words_of(RowBatch& batch) {
  const auto payload = varlena_payload(batch.values(0)[0]);
  EXPECT_EQ(payload.size() % 2, 0u);
  Words words(payload.size() / 2);
  std::memcpy(words.data(), payload.data(), payload.size());
  return words;
}

RowBatch numeric_batch() {
  return RowBatch({{.name = "n", .type = {.kind = TypeKind::numeric}}}, InvalidValues::error);
}

/// Nothing if the text was refused.
Words from_text(std::string_view text, int scale = 0) {
  RowBatch batch = numeric_batch();
  if (!batch.set_numeric(0, text, scale)) return {};
  batch.finish_row();
  return words_of(batch);
}

Words from_integer(__int128 unscaled, int scale) {
  RowBatch batch = numeric_batch();
  batch.set_numeric(0, unscaled, scale);
  batch.finish_row();
  return words_of(batch);
}

struct Image {
  std::string text;
  Words words;  // 16-bit words: the images are the same on every CPU
};

/// Read from the pages of a table in PostgreSQL 15 that the texts were loaded into.
const std::vector<Image>& images() {
  static const std::vector<Image> all = {
      {"0", {0x8000}},
      {"-0", {0x8000}},
      {"0.0", {0x8080}},
      {"0.00", {0x8100}},
      {"1", {0x8000, 0x0001}},
      {"-1", {0xa000, 0x0001}},
      {"10000", {0x8001, 0x0001}},
      {"9999", {0x8000, 0x270f}},
      {"10", {0x8000, 0x000a}},
      {"100", {0x8000, 0x0064}},
      {"1000", {0x8000, 0x03e8}},
      {"0.1", {0x80ff, 0x03e8}},
      {"0.01", {0x817f, 0x0064}},
      {"0.001", {0x81ff, 0x000a}},
      {"0.0001", {0x827f, 0x0001}},
      {"0.00001", {0x82fe, 0x03e8}},
      {"1.0", {0x8080, 0x0001}},
      {"1.50", {0x8100, 0x0001, 0x1388}},
      {"123456.789", {0x8181, 0x000c, 0x0d80, 0x1ed2}},
      {"-123456.789", {0xa181, 0x000c, 0x0d80, 0x1ed2}},
      {"99999999.9999", {0x8201, 0x270f, 0x270f, 0x270f}},
      {"10000.0001", {0x8201, 0x0001, 0x0000, 0x0001}},
      {"12345678901234567890123456789012345678",
       {0x8009, 0x000c, 0x0d80, 0x1ed2, 0x04d2, 0x162e, 0x2334, 0x0d80, 0x1ed2, 0x04d2, 0x162e}},
      {"-17014118346046923173168730371588410572",
       {0xa009, 0x0011, 0x008d, 0x072a, 0x179e, 0x240f, 0x1c94, 0x221a, 0x0e83, 0x2289, 0x023c}},
      {"0.000000000000000000000000000000000000000000000000000000000000000", {0x9f80}},
      {"0.000000000000000000000000000000000000000000000000000000000000001", {0x9ff0, 0x000a}},
      {"0.0000000000000000000000000000000000000000000000000000000000000000", {0x0040, 0x0000}},
      {"000123.4500", {0x8200, 0x007b, 0x1194}},
      {"+5", {0x8000, 0x0005}},
      {".5", {0x80ff, 0x1388}},
      {"5.", {0x8000, 0x0005}},
      {"-99999999999999999999999999999999999999",
       {0xa009, 0x0063, 0x270f, 0x270f, 0x270f, 0x270f, 0x270f, 0x270f, 0x270f, 0x270f, 0x270f}},
      {"99999999999999999999999999999999999999",
       {0x8009, 0x0063, 0x270f, 0x270f, 0x270f, 0x270f, 0x270f, 0x270f, 0x270f, 0x270f, 0x270f}},
      {"18446744073709551615", {0x8004, 0x0734, 0x1a58, 0x02e1, 0x03bb, 0x064f}},
      {"18446744073709551616", {0x8004, 0x0734, 0x1a58, 0x02e1, 0x03bb, 0x0650}},
      // Beyond the short form: scale, weight, both signs.
      {"0." + std::string(255, '0') + "5", {0x0100, 0xffc0, 0x0005}},
      {"1" + std::string(255, '0'), {0x803f, 0x03e8}},
      {"1" + std::string(256, '0'), {0x0000, 0x0040, 0x0001}},
      {"0." + std::string(259, '0') + "1", {0x0104, 0xffbf, 0x0001}},
      {"0." + std::string(254, '0') + "12345", {0x0103, 0xffc0, 0x000c, 0x0d7a}},
  };
  return all;
}

TEST(Numeric, ImagesFromTextEqualThoseOfPostgres) {
  for (const Image& image : images()) EXPECT_EQ(from_text(image.text), image.words) << image.text;
}

TEST(Numeric, ImagesFromIntegersEqualThoseOfPostgres) {
  int compared = 0;
  for (const Image& image : images()) {
    unsigned __int128 unscaled = 0;
    int digits = 0;
    int scale = 0;
    bool behind_point = false;
    for (const char c : image.text) {
      if (c == '.') behind_point = true;
      if (c < '0' || c > '9') continue;
      unscaled = unscaled * 10 + static_cast<unsigned>(c - '0');
      if (unscaled != 0) ++digits;
      if (behind_point) ++scale;
    }
    if (digits > 38) continue;
    ++compared;
    const auto magnitude = static_cast<__int128>(unscaled);
    EXPECT_EQ(from_integer(image.text.front() == '-' ? -magnitude : magnitude, scale), image.words) << image.text;
  }
  EXPECT_GE(compared, 36);
}

TEST(Numeric, TheLargestAndSmallestIntegers) {
  constexpr auto largest = static_cast<__int128>(~static_cast<unsigned __int128>(0) >> 1);
  EXPECT_EQ(from_integer(largest, 0), from_text("170141183460469231731687303715884105727"));
  EXPECT_EQ(from_integer(-largest - 1, 0), from_text("-170141183460469231731687303715884105728"));
  EXPECT_EQ(from_integer(-largest - 1, 37), from_text("-17.0141183460469231731687303715884105728"));
}

TEST(Numeric, EveryAlignmentOfDigitsAndPoint) {
  __int128 unscaled = 0;
  std::string digits;
  for (int length = 1; length <= 38; ++length) {
    const int digit = length % 10;
    unscaled = unscaled * 10 + digit;
    digits += static_cast<char>('0' + digit);
    for (int scale = 0; scale <= 45; ++scale) {
      std::string text = digits;
      if (scale >= length) text.insert(0, static_cast<std::size_t>(scale - length + 1), '0');
      text.insert(text.size() - static_cast<std::size_t>(scale), ".");
      ASSERT_EQ(from_integer(unscaled, scale), from_text(text)) << text;
      ASSERT_EQ(from_integer(-unscaled, scale), from_text('-' + text)) << text;
    }
  }
}

TEST(Numeric, TheScaleAskedForIsShownAndMoreDigitsAreKept) {
  EXPECT_EQ(from_text("1", 2), from_text("1.00"));
  EXPECT_EQ(from_text("1.5", 2), from_text("1.50"));
  EXPECT_EQ(from_text("1.567", 2), from_text("1.567"));
  EXPECT_NE(from_text("1", 2), from_text("1"));
  EXPECT_EQ(from_text("0", 3), from_text("0.000"));
}

TEST(Numeric, RefusesWhatIsNoDecimal) {
  for (const char* text :
       {"", "-", "+", ".", "-.", "1e5", "1.2.3", "--1", "1-", " 1", "1 ", "NaN", "Infinity", "0x1", "1,5", "1.-5"}) {
    EXPECT_EQ(from_text(text), Words()) << text;
  }
  EXPECT_EQ(from_text(std::string_view("1\0", 2)), Words());
}

TEST(Numeric, ARefusedTextLeavesTheColumnUntouched) {
  RowBatch batch = numeric_batch();
  batch.set_numeric(0, 7, 0);
  const auto bytes = batch.bytes();
  EXPECT_FALSE(batch.set_numeric(0, "abc", 0));
  EXPECT_EQ(batch.bytes(), bytes);
  batch.finish_row();
  EXPECT_EQ(words_of(batch), from_text("7"));
}

TEST(Numeric, ReachesTheLimitsOfPostgresAndNoFarther) {
  EXPECT_EQ(from_text(std::string(131072, '9')).size(), 2u + 32768u);
  EXPECT_EQ(from_text(std::string(131073, '9')), Words());
  EXPECT_EQ(from_text("0." + std::string(16383, '9')).size(), 2u + 4096u);
  EXPECT_EQ(from_text("0." + std::string(16384, '9')), Words());
  EXPECT_EQ(from_text(std::string(200000, '0') + "1"), from_text("1"));
}

TEST(Numeric, ScalesBeyondAnyDatabase) {
  EXPECT_EQ(from_integer(25, -3), from_text("25000"));
  EXPECT_EQ(from_integer(-25, -3), from_text("-25000"));
  EXPECT_EQ(from_integer(1, 16383).size(), 3u);
  EXPECT_THROW(from_integer(1, 16384), Error);
  EXPECT_THROW(from_integer(1, -200000), Error);
}

Words from_groups(Words groups, int weight, int scale, bool negative = false) {
  RowBatch batch = numeric_batch();
  batch.set_numeric(0, PackedGroups(groups, weight, scale, negative));
  batch.finish_row();
  return words_of(batch);
}

TEST(Numeric, FromGroupsOfFourDigits) {
  EXPECT_EQ(from_groups({}, 0, 0), from_text("0"));
  EXPECT_EQ(from_groups({}, 0, 2, true), from_text("0.00"));  // zero has no sign
  EXPECT_EQ(from_groups({12, 3456, 7890}, 1, 3), from_text("123456.789"));
  EXPECT_EQ(from_groups({12, 3456, 7890}, 1, 3, true), from_text("-123456.789"));
  EXPECT_EQ(from_groups({1}, 64, 0), from_text("1" + std::string(256, '0')));
  EXPECT_EQ(from_groups({5}, -64, 256), from_text("0." + std::string(255, '0') + "5"));
}

TEST(Numeric, GroupsOfZerosAtBothEndsAreLeftOut) {
  EXPECT_EQ(from_groups({0, 0, 7, 0}, 2, 0), from_text("7"));
  EXPECT_EQ(from_groups({0, 12, 0, 0}, 0, 4), from_text("0.0012"));
  EXPECT_EQ(from_groups({0, 0}, 5, 1, true), from_text("0.0"));
  EXPECT_EQ(from_groups({1, 0, 5}, 2, 0), from_text("100000005"));  // not those between
}

TEST(Numeric, GroupsBeyondTheScaleAreDropped) {
  EXPECT_EQ(from_groups({1, 2345, 6789}, 0, 2), from_text("1.23"));
  EXPECT_EQ(from_groups({1, 2345, 6789}, 0, 4), from_text("1.2345"));
  EXPECT_EQ(from_groups({1, 2345, 6789}, 0, 5), from_text("1.23456"));
  EXPECT_EQ(from_groups({1, 2345}, 0, 0), from_text("1"));
  EXPECT_EQ(from_groups({45}, -1, 2, true), from_text("0.00"));
  EXPECT_EQ(from_groups({45}, -3, 4, true), from_text("0.0000"));
}

TEST(Numeric, WhatIsNoNumberIsItsHeader) {
  const auto special = [](NumericSpecial value) {
    RowBatch batch = numeric_batch();
    batch.set_numeric(0, value);
    batch.finish_row();
    return words_of(batch);
  };
  EXPECT_EQ(special(NumericSpecial::nan), (Words{0xc000}));
  EXPECT_EQ(special(NumericSpecial::infinity), (Words{0xd000}));
  EXPECT_EQ(special(NumericSpecial::minus_infinity), (Words{0xf000}));
}

}  // namespace
}  // namespace connector::core
