#include "drivers/mysql/row_decoder.hpp"

#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/base/error.hpp"

namespace connector::mysql {
namespace {

using core::BatchColumn;
using core::InvalidValues;
using core::LogicalType;
using core::RowBatch;
using core::TypeKind;
using core::ValueForm;

constexpr std::int64_t second = 1000000;

/// Bytes of a row as a server sends it.
class Packet {
 public:
  /// `nulls`: one flag for each column.
  explicit Packet(const std::vector<bool>& nulls) : bytes_(1 + (nulls.size() + 9) / 8) {
    for (std::size_t i = 0; i < nulls.size(); ++i) {
      if (nulls[i]) bytes_[1 + (i + 2) / 8] |= static_cast<unsigned char>(1 << ((i + 2) % 8));
    }
  }
  template <typename Number>
  Packet& number(Number value) {
    const auto* from = reinterpret_cast<const unsigned char*>(&value);
    bytes_.insert(bytes_.end(), from, from + sizeof value);
    return *this;
  }
  Packet& raw(std::initializer_list<int> bytes) {
    for (const int byte : bytes) bytes_.push_back(static_cast<unsigned char>(byte));
    return *this;
  }
  Packet& text(std::string_view text) {
    if (text.size() < 251) {
      raw({static_cast<int>(text.size())});
    } else if (text.size() < 65536) {
      raw({0xfc}).number(static_cast<std::uint16_t>(text.size()));
    } else {
      raw({0xfd, static_cast<int>(text.size() & 0xff), static_cast<int>(text.size() >> 8 & 0xff),
           static_cast<int>(text.size() >> 16)});
    }
    bytes_.insert(bytes_.end(), text.begin(), text.end());
    return *this;
  }
  std::span<const unsigned char> bytes() const { return bytes_; }

 private:
  std::vector<unsigned char> bytes_;
};

BatchColumn batch_column(TypeKind kind, ValueForm form = ValueForm::datum) {
  BatchColumn column;
  column.name = "c";
  column.type.kind = kind;
  column.form = form;
  return column;
}

/// One column, one row.
struct Decoded {
  Decoded(TypeKind kind, WireColumn wire, const Packet& packet, InvalidValues invalid = InvalidValues::error,
          InvalidValues zero_dates = InvalidValues::error)
      : batch({batch_column(kind)}, invalid), decoder({with_target(wire)}, 1, zero_dates) {
    decoder.decode(packet.bytes(), batch);
  }
  static WireColumn with_target(WireColumn wire) {
    wire.target = 0;
    return wire;
  }
  std::int64_t integer() { return static_cast<std::int64_t>(batch.values(0)[0]); }
  bool is_null() { return batch.nulls(0)[0]; }
  std::string payload() {
    const auto bytes = core::varlena_payload(batch.values(0)[0]);
    return {bytes.data(), bytes.size()};
  }
  RowBatch batch;
  RowDecoder decoder;
};

Packet one() {
  return Packet({false});
}

std::string numeric_payload(std::string_view text, int scale) {
  RowBatch batch({batch_column(TypeKind::numeric)}, InvalidValues::error);
  EXPECT_TRUE(batch.set_numeric(0, text, scale));
  batch.finish_row();
  const auto bytes = core::varlena_payload(batch.values(0)[0]);
  return {bytes.data(), bytes.size()};
}

std::string message_of(const std::function<void()>& function) {
  try {
    function();
  } catch (const core::Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(MysqlRowDecoder, Integers) {
  EXPECT_EQ(Decoded(TypeKind::int2, {Decode::int8}, one().number(std::int8_t{-128})).integer(), -128);
  EXPECT_EQ(Decoded(TypeKind::int2, {Decode::uint8}, one().number(std::uint8_t{255})).integer(), 255);
  EXPECT_EQ(Decoded(TypeKind::int2, {Decode::int16}, one().number(std::int16_t{-32768})).integer(), -32768);
  EXPECT_EQ(Decoded(TypeKind::int4, {Decode::uint16}, one().number(std::uint16_t{65535})).integer(), 65535);
  EXPECT_EQ(Decoded(TypeKind::int4, {Decode::int32}, one().number(INT32_MIN)).integer(), INT32_MIN);
  EXPECT_EQ(Decoded(TypeKind::int8, {Decode::uint32}, one().number(UINT32_MAX)).integer(), UINT32_MAX);
  EXPECT_EQ(Decoded(TypeKind::int8, {Decode::int64}, one().number(INT64_MIN)).integer(), INT64_MIN);
  EXPECT_EQ(Decoded(TypeKind::numeric, {Decode::uint64}, one().number(UINT64_MAX)).payload(),
            numeric_payload("18446744073709551615", 0));
}

TEST(MysqlRowDecoder, IntegersThatAreTruthValues) {
  const WireColumn wire{.decode = Decode::int8, .is_truth = true};
  for (const std::int8_t value : {-128, -1, 0, 1, 2, 127}) {
    Decoded decoded(TypeKind::boolean, wire, one().number(value));
    EXPECT_EQ(decoded.integer(), value != 0 ? 1 : 0);
    EXPECT_EQ(decoded.decoder.substitutions(Substitution::tinyint1)[0], value == 0 || value == 1 ? 0U : 1U);
    EXPECT_EQ(decoded.decoder.substitutions(Substitution::zero_dates)[0], 0U);
  }
  Decoded large(TypeKind::boolean, {.decode = Decode::uint64, .is_truth = true}, one().number(UINT64_MAX));
  EXPECT_EQ(large.integer(), 1);
}

TEST(MysqlRowDecoder, IntegersOfAnotherSizeThanDescribed) {
  WireColumn wire{Decode::int64};
  wire.integer_kind = TypeKind::int2;
  EXPECT_EQ(Decoded(TypeKind::int2, wire, one().number(std::int64_t{-32768})).integer(), -32768);
  EXPECT_TRUE(Decoded(TypeKind::int2, wire, one().number(std::int64_t{32768}), InvalidValues::null).is_null());
  EXPECT_EQ(message_of([&] { Decoded(TypeKind::int2, wire, one().number(std::int64_t{-32769})); }),
            "column \"c\", row 1: is out of range: \"-32769\"");
  wire.integer_kind = TypeKind::numeric;
  EXPECT_EQ(Decoded(TypeKind::numeric, wire, one().number(std::int64_t{-5})).payload(), numeric_payload("-5", 0));
  WireColumn large{Decode::uint64};
  large.integer_kind = TypeKind::int8;
  EXPECT_EQ(Decoded(TypeKind::int8, large, one().number(std::uint64_t{INT64_MAX})).integer(), INT64_MAX);
  EXPECT_EQ(message_of([&] { Decoded(TypeKind::int8, large, one().number(UINT64_MAX)); }),
            "column \"c\", row 1: is out of range: \"18446744073709551615\"");
}

TEST(MysqlRowDecoder, FloatsAreExact) {
  const auto bits4 = Decoded(TypeKind::float4, {Decode::float4}, one().number(1.1F)).batch.values(0)[0];
  float four;
  std::memcpy(&four, &bits4, sizeof four);
  EXPECT_EQ(four, 1.1F);
  const auto bits8 = Decoded(TypeKind::float8, {Decode::float8}, one().number(1.1)).batch.values(0)[0];
  double eight;
  std::memcpy(&eight, &bits8, sizeof eight);
  EXPECT_EQ(eight, 1.1);
}

TEST(MysqlRowDecoder, Decimals) {
  const auto decimal = [](std::string_view text, int scale) {
    WireColumn wire{Decode::decimal};
    wire.scale = scale;
    return Decoded(TypeKind::numeric, wire, one().text(text)).payload();
  };
  EXPECT_EQ(decimal("-1234567890.12", 2), numeric_payload("-1234567890.12", 2));
  EXPECT_EQ(decimal("0.00", 2), numeric_payload("0.00", 2));
  const std::string long_one = "12345678901234567890123456789012345.012345678901234567890123456789";
  EXPECT_EQ(decimal(long_one, 30), numeric_payload(long_one, 30));
  EXPECT_EQ(decimal("99999999999999999999999999999999999999", 0),
            numeric_payload("99999999999999999999999999999999999999", 0));
  EXPECT_EQ(decimal("5", 3), numeric_payload("5", 3));
  EXPECT_EQ(decimal("1.2345", -1), numeric_payload("1.2345", 4));
  for (const char* bad : {"", "-", "1.2.3", "1e5", "0x1", " 1", "--1", "."}) {
    EXPECT_THROW(decimal(bad, 2), core::Error) << bad;
  }
}

TEST(MysqlRowDecoder, DecimalsWithMoreDigitsThanDescribed) {
  const auto decimal = [](std::string_view text, int scale) {
    WireColumn wire{Decode::decimal};
    wire.scale = scale;
    return Decoded(TypeKind::numeric, wire, one().text(text)).payload();
  };
  EXPECT_EQ(decimal("0.333333333", 4), numeric_payload("0.3333", 4));
  EXPECT_EQ(decimal("-0.666666666", 4), numeric_payload("-0.6667", 4));
  EXPECT_EQ(decimal("0.99995", 4), numeric_payload("1.0000", 4));
  EXPECT_EQ(decimal("-99.5", 0), numeric_payload("-100", 0));
  EXPECT_EQ(decimal("99.4999", 0), numeric_payload("99", 0));
  EXPECT_EQ(decimal("123456789012345678901234567890123456789.125", 2),
            numeric_payload("123456789012345678901234567890123456789.13", 2));
}

TEST(MysqlRowDecoder, DecimalsBeyondTheirType) {
  const auto is_null = [](std::string_view text) {
    WireColumn wire{Decode::decimal};
    wire.precision = 5;
    wire.scale = 2;
    return Decoded(TypeKind::numeric, wire, one().text(text), InvalidValues::null).is_null();
  };
  for (const char* good : {"999.99", "-999.99", "0000999.994", "0", "-0.001", ".5"})
    EXPECT_FALSE(is_null(good)) << good;
  for (const char* bad : {"1000", "-1000.00", "999.995", "123456789012345678901234567890123456789012"}) {
    EXPECT_TRUE(is_null(bad)) << bad;
  }
}

TEST(MysqlRowDecoder, Bits) {
  EXPECT_EQ(Decoded(TypeKind::boolean, {Decode::boolean}, one().text("\1")).integer(), 1);
  EXPECT_EQ(Decoded(TypeKind::boolean, {Decode::boolean}, one().text(std::string_view("\0", 1))).integer(), 0);
  WireColumn ten{Decode::bits};
  ten.bits = 10;
  // b'1000000001' = 0x0201, which PostgreSQL stores as 10000000 01000000.
  EXPECT_EQ(Decoded(TypeKind::bit, ten, one().text("\2\1")).payload(), std::string("\x0a\0\0\0\x80\x40", 6));
  WireColumn all{Decode::bits};
  all.bits = 64;
  EXPECT_EQ(Decoded(TypeKind::bit, all, one().text("\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8")).payload(),
            std::string("\x40\0\0\0\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8", 12));
  EXPECT_THROW(Decoded(TypeKind::bit, ten, one().text("\1")), core::Error);
  EXPECT_THROW(Decoded(TypeKind::bit, ten, one().text("\4\1")), core::Error);  // bits beyond the ten
  EXPECT_THROW(Decoded(TypeKind::boolean, {Decode::boolean}, one().text("")), core::Error);
  EXPECT_THROW(Decoded(TypeKind::boolean, {Decode::boolean}, one().text("0")), core::Error);
}

TEST(MysqlRowDecoder, BitsOfExpressions) {
  const auto expression = [](std::int32_t bits) {
    WireColumn wire{Decode::expression_bits};
    wire.bits = bits;
    return wire;
  };
  // The bits, or the digits of their number.
  for (const std::string_view one_as : {"1", "\1"}) {
    EXPECT_EQ(Decoded(TypeKind::boolean, expression(1), one().text(one_as)).integer(), 1);
  }
  for (const std::string_view zero_as : {std::string_view("0"), std::string_view("\0", 1)}) {
    EXPECT_EQ(Decoded(TypeKind::boolean, expression(1), one().text(zero_as)).integer(), 0);
  }
  const std::string b200 = std::string("\x08\0\0\0\xc8", 5);
  EXPECT_EQ(Decoded(TypeKind::bit, expression(8), one().text("200")).payload(), b200);
  EXPECT_EQ(Decoded(TypeKind::bit, expression(8), one().text("\xc8")).payload(), b200);
  EXPECT_EQ(Decoded(TypeKind::bit, expression(20), one().text("70000")).payload(),
            Decoded(TypeKind::bit, expression(20), one().text("\x01\x11p")).payload());
  // b'00110101' or the number 5.
  EXPECT_TRUE(Decoded(TypeKind::bit, expression(8), one().text("5"), InvalidValues::null).is_null());
  EXPECT_NE(message_of([&] { Decoded(TypeKind::bit, expression(8), one().text("5")); }).find("does not tell"),
            std::string::npos);
  for (const std::string_view bad : {"", "2", "-1", "1 ", "\2", "01x"}) {
    EXPECT_TRUE(Decoded(TypeKind::boolean, expression(1), one().text(bad), InvalidValues::null).is_null()) << bad;
  }
  // Bits that the server converted as if they were text.
  EXPECT_TRUE(Decoded(TypeKind::bit, expression(8), one().text("\xc3\x88"), InvalidValues::null).is_null());
}

TEST(MysqlRowDecoder, BitsAsNumbers) {
  WireColumn wire{Decode::uint64};
  wire.integer_kind = TypeKind::bit;
  wire.bits = 64;
  EXPECT_EQ(Decoded(TypeKind::bit, wire, one().number(UINT64_MAX)).payload(),
            std::string("\x40\0\0\0", 4) + std::string(8, '\xff'));
  wire.bits = 9;
  EXPECT_EQ(Decoded(TypeKind::bit, wire, one().number(std::uint64_t{257})).payload(),
            std::string("\x09\0\0\0\x80\x80", 6));
  EXPECT_TRUE(Decoded(TypeKind::bit, wire, one().number(std::uint64_t{512}), InvalidValues::null).is_null());
  WireColumn flag{Decode::int32};
  flag.integer_kind = TypeKind::boolean;
  EXPECT_EQ(Decoded(TypeKind::boolean, flag, one().number(std::int32_t{1})).integer(), 1);
  EXPECT_TRUE(Decoded(TypeKind::boolean, flag, one().number(std::int32_t{-1}), InvalidValues::null).is_null());
  WireColumn sign{Decode::int64};
  sign.integer_kind = TypeKind::bit;
  sign.bits = 64;
  EXPECT_EQ(Decoded(TypeKind::bit, sign, one().number(std::int64_t{-1})).payload(),
            std::string("\x40\0\0\0", 4) + std::string(8, '\xff'));
}

Packet date(int year, int month, int day) {
  return one().raw({4, year & 0xff, year >> 8, month, day});
}

TEST(MysqlRowDecoder, Dates) {
  const auto days = [](int year, int month, int day) {
    return Decoded(TypeKind::date, {Decode::date}, date(year, month, day)).integer();
  };
  EXPECT_EQ(days(2000, 1, 1), 0);
  EXPECT_EQ(days(1999, 12, 31), -1);
  EXPECT_EQ(days(2020, 2, 29), 7364);
  EXPECT_EQ(days(9999, 12, 31), 2921939);
  EXPECT_EQ(days(1000, 1, 1), -365242);
  EXPECT_EQ(days(0, 1, 1), -730485);  // 0001-01-01 BC
  EXPECT_TRUE(
      Decoded(TypeKind::date, {Decode::date}, date(2019, 2, 29), InvalidValues::null, InvalidValues::error).is_null());
  EXPECT_EQ(message_of([] { Decoded(TypeKind::date, {Decode::date}, date(2020, 2, 31)); }),
            "column \"c\", row 1: is no date that exists: \"2020-02-31\"");
}

TEST(MysqlRowDecoder, ZeroDates) {
  for (const Packet& packet : {one().raw({0}), date(0, 0, 0), date(2020, 0, 10), date(2020, 10, 0)}) {
    Decoded decoded(TypeKind::date, {Decode::date}, packet, InvalidValues::error, InvalidValues::null);
    EXPECT_TRUE(decoded.is_null());
    EXPECT_EQ(decoded.decoder.substitutions(Substitution::zero_dates)[0], 1U);
    EXPECT_EQ(decoded.decoder.substitutions(Substitution::tinyint1)[0], 0U);
    EXPECT_EQ(decoded.batch.invalid_counts()[0], 0U);
    // Zero dates have a policy of their own.
    EXPECT_THROW(Decoded(TypeKind::date, {Decode::date}, packet, InvalidValues::null, InvalidValues::error),
                 core::Error);
  }
  EXPECT_EQ(message_of([] { Decoded(TypeKind::timestamp, {Decode::datetime}, one().raw({0})); }),
            "column \"c\", row 1: zero or partial date: \"0000-00-00 00:00:00\"");
}

TEST(MysqlRowDecoder, DateTimes) {
  const auto value = [](const Packet& packet) {
    return Decoded(TypeKind::timestamp, {Decode::datetime}, packet).integer();
  };
  EXPECT_EQ(value(one().raw({4, 0xd0, 7, 1, 1})), 0);
  EXPECT_EQ(value(one().raw({7, 0xd0, 7, 1, 1, 23, 59, 59})), 86399 * second);
  EXPECT_EQ(value(one().raw({11, 0xcf, 7, 12, 31, 23, 59, 59}).number(std::uint32_t{999999})), -1);
  for (const Packet& packet : {one().raw({7, 0xd0, 7, 1, 1, 24, 0, 0}), one().raw({7, 0xd0, 7, 1, 1, 0, 60, 0}),
                               one().raw({7, 0xd0, 7, 1, 1, 0, 0, 60}), one().raw({7, 0xd0, 7, 13, 1, 0, 0, 0}),
                               one().raw({11, 0xd0, 7, 1, 1, 0, 0, 0}).number(std::uint32_t{1000000})}) {
    EXPECT_TRUE(Decoded(TypeKind::timestamp, {Decode::datetime}, packet, InvalidValues::null).is_null());
  }
  EXPECT_THROW(value(one().raw({5, 0xd0, 7, 1, 1, 0})), core::Error);
}

Packet time(bool negative, std::uint32_t days, int hour, int minute, int seconds, std::uint32_t microsecond) {
  return one().raw({12, negative}).number(days).raw({hour, minute, seconds}).number(microsecond);
}

TEST(MysqlRowDecoder, Times) {
  const auto value = [](const Packet& packet) { return Decoded(TypeKind::time, {Decode::time}, packet).integer(); };
  EXPECT_EQ(value(one().raw({0})), 0);
  EXPECT_EQ(value(one().raw({8, 0}).number(std::uint32_t{0}).raw({12, 34, 56})), 45296 * second);
  EXPECT_EQ(value(time(false, 0, 23, 59, 59, 999999)), 86400 * second - 1);
  EXPECT_EQ(value(time(false, 1, 0, 0, 0, 0)), 86400 * second);  // PostgreSQL's 24:00
  EXPECT_EQ(message_of([&] { value(time(false, 1, 0, 0, 0, 1)); }),
            "column \"c\", row 1: is outside of 00:00 to 24:00: \"24:00:00.000001\"");
  EXPECT_EQ(message_of([&] { value(time(true, 34, 22, 59, 59, 0)); }),
            "column \"c\", row 1: is outside of 00:00 to 24:00: \"-838:59:59\"");
  EXPECT_THROW(value(time(false, 4000000000U, 0, 0, 0, 0)), core::Error);
  EXPECT_THROW(value(one().raw({9, 0, 0, 0, 0, 0, 0, 0, 0, 0})), core::Error);
}

TEST(MysqlRowDecoder, TimesAsIntervals) {
  WireColumn printed{Decode::time_text};
  printed.digits = 3;
  EXPECT_EQ(Decoded(TypeKind::text, printed, time(true, 34, 22, 59, 58, 123000)).payload(), "-838:59:58.123");
  printed.digits = 0;
  EXPECT_EQ(Decoded(TypeKind::text, printed, one().raw({0})).payload(), "00:00:00");
  Decoded decoded(TypeKind::interval, {Decode::time_interval}, time(true, 34, 22, 59, 58, 123456));
  struct {
    std::int64_t microseconds;
    std::int32_t days, months;
  } interval;
  std::memcpy(&interval, reinterpret_cast<const void*>(decoded.batch.values(0)[0]), sizeof interval);
  EXPECT_EQ(interval.microseconds, -(((34 * 24 + 22) * 3600 + 59 * 60 + 58) * second + 123456));
  EXPECT_EQ(interval.days, 0);
  EXPECT_EQ(interval.months, 0);
}

TEST(MysqlRowDecoder, TextOfEverySize) {
  for (const std::size_t size : {0U, 1U, 250U, 251U, 252U, 65535U, 65536U, 1000000U}) {
    const std::string text(size, 'x');
    EXPECT_EQ(Decoded(TypeKind::text, {Decode::text}, one().text(text)).payload(), text);
  }
  const std::string with_nul("a\0b", 3);
  EXPECT_EQ(Decoded(TypeKind::bytea, {Decode::bytes}, one().text(with_nul)).payload(), with_nul);
}

TEST(MysqlRowDecoder, WideText) {
  WireColumn wire{Decode::wide_text};
  wire.wide = WideForm::utf16;
  EXPECT_EQ(Decoded(TypeKind::text, wire, one().text(std::string_view("\0a\x20\xac", 4))).payload(), "a€");
  EXPECT_TRUE(Decoded(TypeKind::text, wire, one().text("\xd8"), InvalidValues::null).is_null());
}

TEST(MysqlRowDecoder, NullsAndSkippedColumns) {
  std::vector<WireColumn> wire(9);
  for (std::size_t i = 0; i < wire.size(); ++i) wire[i] = {i % 2 == 0 ? Decode::int32 : Decode::text, i};
  wire[2].target = WireColumn::skipped;
  wire[3].target = WireColumn::skipped;
  for (std::size_t i = 4; i < wire.size(); ++i) wire[i].target = i - 2;
  std::vector<BatchColumn> columns;
  for (std::size_t i = 0; i < 7; ++i) columns.push_back(batch_column(i % 2 == 0 ? TypeKind::int4 : TypeKind::text));
  RowBatch batch(columns, InvalidValues::error);
  RowDecoder decoder(wire, 7, InvalidValues::null);
  Packet packet({false, false, false, false, true, false, false, true, false});
  packet.number(1).text("one").number(2).text("two").text("five").number(6).number(8);
  decoder.decode(packet.bytes(), batch);
  decoder.decode(packet.bytes(), batch);
  ASSERT_EQ(batch.rows(), 2U);
  EXPECT_EQ(batch.values(0)[1], 1U);
  EXPECT_TRUE(batch.nulls(2)[1]);
  EXPECT_FALSE(batch.nulls(3)[1]);
  EXPECT_EQ(batch.values(4)[1], 6U);
  EXPECT_TRUE(batch.nulls(5)[1]);
  EXPECT_EQ(batch.values(6)[1], 8U);
}

TEST(MysqlRowDecoder, NoColumnsAtAll) {
  RowBatch batch({}, InvalidValues::error);
  RowDecoder decoder({{Decode::null}}, 0, InvalidValues::null);
  decoder.decode(Packet({true}).bytes(), batch);
  EXPECT_EQ(batch.rows(), 1U);
}

TEST(MysqlRowDecoder, EveryTruncationIsAnError) {
  const std::vector<Decode> decodes = {Decode::int8,   Decode::int16,    Decode::int32,  Decode::int64,
                                       Decode::uint64, Decode::float4,   Decode::float8, Decode::decimal,
                                       Decode::date,   Decode::datetime, Decode::time,   Decode::text,
                                       Decode::bytes,  Decode::geometry};
  std::vector<WireColumn> wire;
  std::vector<BatchColumn> columns;
  for (std::size_t i = 0; i < decodes.size(); ++i) {
    wire.push_back({decodes[i], i});
    columns.push_back(batch_column(TypeKind::text));
  }
  Packet packet(std::vector<bool>(decodes.size(), false));
  packet.number(std::int8_t{1}).number(std::int16_t{1}).number(std::int32_t{1}).number(std::int64_t{1});
  packet.number(std::uint64_t{1}).number(1.0F).number(1.0).text("1.5").raw({4, 0xd0, 7, 1, 1});
  packet.raw({11, 0xd0, 7, 1, 1, 0, 0, 0, 0, 0, 0, 0}).raw({8, 0, 0, 0, 0, 0, 1, 2, 3}).text(std::string(300, 't'));
  packet.text("bytes").text(std::string("\0\0\0\0\1\1\0\0\0", 9) + std::string(16, '\0'));
  const auto decode = [&](std::span<const unsigned char> bytes) {
    RowBatch batch(columns, InvalidValues::error);
    RowDecoder(wire, decodes.size(), InvalidValues::null).decode(bytes, batch);
  };
  const auto whole = packet.bytes();
  EXPECT_NO_THROW(decode(whole));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    // In memory of its own, so that AddressSanitizer sees each byte too many.
    const std::vector<unsigned char> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_THROW(decode(part), core::Error) << size;
  }
  std::vector<unsigned char> longer(whole.begin(), whole.end());
  longer.push_back(0);
  EXPECT_THROW(decode(longer), core::Error);
}

TEST(MysqlRowDecoder, LyingLengths) {
  const auto decode = [](const Packet& packet) { Decoded(TypeKind::text, {Decode::text}, packet); };
  EXPECT_THROW(decode(one().raw({0xfb})), core::Error);
  EXPECT_THROW(decode(one().raw({0xff, 1, 2})), core::Error);
  EXPECT_THROW(decode(one().raw({0xfc, 0xff, 0xff, 1})), core::Error);
  EXPECT_THROW(decode(one().raw({0xfd, 0xff, 0xff, 0xff, 1})), core::Error);
  EXPECT_THROW(decode(one().raw({0xfe}).number(UINT64_MAX)), core::Error);
  EXPECT_THROW(decode(one().raw({0xfe}).number(std::uint64_t{1} << 40)), core::Error);
}

}  // namespace
}  // namespace connector::mysql
