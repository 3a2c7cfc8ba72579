#include "core/rows/ewkb.hpp"

#include <gtest/gtest.h>

#include <string>

#include "core/base/error.hpp"

namespace connector::core {
namespace {

using namespace std::string_literals;

// A point without coordinates is enough: byte order, type 1.
const std::string little = "\x01\x01\x00\x00\x00rest"s;
const std::string big = "\x00\x00\x00\x00\x01rest"s;

RowBatch batch_of_one(InvalidValues invalid_values = InvalidValues::error) {
  return RowBatch({{.name = "g", .type = {.kind = TypeKind::geometry}}}, invalid_values);
}

char* address(RowBatch& batch) {
  return reinterpret_cast<char*>(static_cast<std::uintptr_t>(batch.values(0)[0]));
}

std::string payload(RowBatch& batch) {
  const auto bytes = varlena_payload(batch.values(0)[0]);
  return {bytes.data(), bytes.size()};
}

TEST(Ewkb, SridStandsBehindTheTypeInTheValuesByteOrder) {
  RowBatch batch = batch_of_one();
  set_ewkb(batch, 0, 4326, little);
  batch.finish_row();
  EXPECT_EQ(payload(batch), "\x01\x01\x00\x00\x20\xe6\x10\x00\x00rest"s);
  RowBatch other = batch_of_one();
  set_ewkb(other, 0, 4326, big);
  other.finish_row();
  EXPECT_EQ(payload(other), "\x00\x20\x00\x00\x01\x00\x00\x10\xe6rest"s);
}

TEST(Ewkb, WithoutSridItIsWkb) {
  for (const std::string& wkb : {little, big}) {
    RowBatch batch = batch_of_one();
    set_ewkb(batch, 0, 0, wkb);
    batch.finish_row();
    EXPECT_EQ(payload(batch), wkb);
    EXPECT_EQ(ewkb_srid(address(batch)), 0u);
    strip_ewkb_srid(address(batch));
    EXPECT_EQ(payload(batch), wkb);
  }
}

TEST(Ewkb, SridIsReadAndTakenOut) {
  for (const std::string& wkb : {little, big}) {
    RowBatch batch = batch_of_one();
    set_ewkb(batch, 0, 1000000, wkb);
    batch.finish_row();
    EXPECT_EQ(ewkb_srid(address(batch)), 1000000u);
    EXPECT_GT(ewkb_srid(address(batch)), max_srid);
    strip_ewkb_srid(address(batch));
    EXPECT_EQ(payload(batch), wkb);
  }
}

TEST(Ewkb, WhatIsTooShortHasNoSrid) {
  // The flag is there, the SRID is cut off.
  for (const std::string& bytes : {""s, "\x01"s, "\x01\x01\x00\x00\x20"s, "\x01\x01\x00\x00\x20\xe6\x10\x00"s}) {
    RowBatch batch = batch_of_one();
    batch.set_bytes(0, bytes);
    batch.finish_row();
    EXPECT_EQ(ewkb_srid(address(batch)), 0u);
    strip_ewkb_srid(address(batch));
    EXPECT_EQ(payload(batch), bytes);
  }
}

TEST(Ewkb, WhatDoesNotBeginLikeWkbIsInvalid) {
  for (const std::string& bytes : {""s, "\x01\x01\x00\x00"s, "\x02\x01\x00\x00\x00rest"s}) {
    RowBatch batch = batch_of_one();
    EXPECT_THROW(set_ewkb(batch, 0, 4326, bytes), Error);
  }
}

}  // namespace
}  // namespace connector::core
