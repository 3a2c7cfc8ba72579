#include "drivers/mysql/geometry.hpp"

#include <string>

#include <gtest/gtest.h>

namespace connector::mysql {
namespace {

using core::InvalidValues;
using core::RowBatch;

std::string bytes(std::string_view hex) {
  std::string result;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    result += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  }
  return result;
}

core::BatchColumn geometry_column() {
  core::BatchColumn column;
  column.name = "g";
  column.type.kind = core::TypeKind::geometry;
  column.form = core::ValueForm::receive;
  return column;
}

std::string ewkb(std::string_view hex) {
  RowBatch batch({geometry_column()}, InvalidValues::error);
  set_geometry(batch, 0, bytes(hex));
  batch.finish_row();
  const auto payload = core::varlena_payload(batch.values(0)[0]);
  return {payload.data(), payload.size()};
}

TEST(MysqlGeometry, PointWithoutSrid) {
  EXPECT_EQ(ewkb("000000000101000000000000000000f03f0000000000000040"),
            bytes("0101000000000000000000f03f0000000000000040"));
}

TEST(MysqlGeometry, PointWithSrid) {
  EXPECT_EQ(ewkb("e61000000101000000000000000000f03f0000000000000040"),
            bytes("0101000020e6100000000000000000f03f0000000000000040"));
}

TEST(MysqlGeometry, BigEndianPointWithSrid) {
  EXPECT_EQ(ewkb("e610000000000000013ff00000000000004000000000000000"),
            bytes("0020000001000010e63ff00000000000004000000000000000"));
}

TEST(MysqlGeometry, OnlyTheOutermostGetsTheSrid) {
  // GEOMETRYCOLLECTION(POINT(1 2), GEOMETRYCOLLECTION EMPTY)
  EXPECT_EQ(ewkb("e6100000"
                 "0107000000020000000101000000000000000000f03f0000000000000040010700000000000000"),
            bytes("0107000020e6100000"
                  "020000000101000000000000000000f03f0000000000000040010700000000000000"));
}

TEST(MysqlGeometry, EmptyCollection) {
  EXPECT_EQ(ewkb("e6100000010700000000000000"), bytes("0107000020e610000000000000"));
}

TEST(MysqlGeometry, IsoTypesWithZAndMStay) {
  EXPECT_EQ(ewkb("e610000001e9030000000000000000f03f00000000000000400000000000000840"),
            bytes("01e9030020e6100000000000000000f03f00000000000000400000000000000840"));
}

TEST(MysqlGeometry, WhatIsNone) {
  for (const char* hex : {"", "00", "00000000", "0000000001010000", "000000000201000000"}) {
    RowBatch batch({geometry_column()}, InvalidValues::null);
    set_geometry(batch, 0, bytes(hex));
    batch.finish_row();
    EXPECT_TRUE(batch.nulls(0)[0]) << hex;
    EXPECT_EQ(batch.invalid_counts()[0], 1U) << hex;
  }
}

}  // namespace
}  // namespace connector::mysql
