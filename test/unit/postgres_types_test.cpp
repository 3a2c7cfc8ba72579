#include "drivers/postgres/types.hpp"

#include <gtest/gtest.h>

namespace connector::postgres {
namespace {

using core::TypeKind;
using core::ValueForm;

constexpr Oid user_type = 20000;

std::string local_name(TypeUse use, const CatalogTypes& catalog = {}, int money_digits = 2) {
  return sql_type_name(binary_rule(use, catalog, money_digits).type);
}

std::string cast(TypeUse use, const CatalogTypes& catalog = {}, int money_digits = 2) {
  return binary_rule(use, catalog, money_digits).cast;
}

constexpr std::int32_t numeric_modifier(int precision, int scale) {
  return (precision << 16 | (scale & 0x7ff)) + 4;
}

constexpr std::int32_t interval_modifier(int fields, int digits) {
  return fields << 16 | digits;
}

TEST(PostgresTypes, Builtin) {
  EXPECT_EQ(local_name({23, -1}), "integer");
  EXPECT_EQ(local_name({18, -1}), "\"char\"");
  EXPECT_EQ(local_name({1043, 14}), "character varying(10)");
  EXPECT_EQ(local_name({1043, -1}), "character varying");
  EXPECT_EQ(local_name({1042, 9}), "character(5)");
  EXPECT_EQ(local_name({1042, -1}), "bpchar");
  EXPECT_EQ(local_name({1560, 3}), "bit(3)");
  EXPECT_EQ(local_name({1562, -1}), "bit varying");
  EXPECT_EQ(local_name({1114, 0}), "timestamp(0) without time zone");
  EXPECT_EQ(local_name({1184, -1}), "timestamp with time zone");
  EXPECT_EQ(local_name({1266, 3}), "time(3) with time zone");
  EXPECT_EQ(local_name({869, -1}), "inet");
}

TEST(PostgresTypes, Numerics) {
  EXPECT_EQ(local_name({1700, -1}), "numeric");
  EXPECT_EQ(local_name({1700, numeric_modifier(10, 2)}), "numeric(10,2)");
  EXPECT_EQ(local_name({1700, numeric_modifier(1000, 1000)}), "numeric(1000,1000)");
  EXPECT_EQ(local_name({1700, numeric_modifier(3, -2)}), "numeric(3,-2)");
}

TEST(PostgresTypes, Intervals) {
  EXPECT_EQ(local_name({1186, -1}), "interval");
  EXPECT_EQ(local_name({1186, interval_modifier(0x7fff, 3)}), "interval(3)");
  EXPECT_EQ(local_name({1186, interval_modifier(1 << 2 | 1 << 1, 0xffff)}), "interval year to month");
  EXPECT_EQ(local_name({1186, interval_modifier(1 << 3 | 1 << 10 | 1 << 11 | 1 << 12, 3)}),
            "interval day to second(3)");
}

TEST(PostgresTypes, Arrays) {
  EXPECT_EQ(local_name({1007, -1}), "integer[]");
  EXPECT_EQ(local_name({1015, 14}), "character varying(10)[]");
  EXPECT_EQ(local_name({1187, interval_modifier(1 << 2, 0xffff)}), "interval year[]");
  EXPECT_EQ(binary_rule({1007, -1}, {}, 2).form, ValueForm::receive);
  EXPECT_EQ(local_name({2210, -1}), "text[]");  // regclass[]
  EXPECT_EQ(cast({2210, -1}), "pg_catalog.text[]");
}

TEST(PostgresTypes, NamesOfRemoteObjects) {
  EXPECT_EQ(local_name({2205, -1}), "text");
  EXPECT_EQ(cast({2205, -1}), "pg_catalog.text");
}

TEST(PostgresTypes, MoneyOfOtherDigits) {
  EXPECT_EQ(local_name({money_oid, -1}), "money");
  EXPECT_EQ(cast({money_oid, -1}), "");
  EXPECT_EQ(local_name({money_oid, -1}, {}, 0), "numeric");
  EXPECT_EQ(cast({money_oid, -1}, {}, 0), "pg_catalog.numeric");
  EXPECT_EQ(local_name({791, -1}, {}, 3), "numeric[]");
}

TEST(PostgresTypes, Domains) {
  CatalogTypes catalog;
  catalog[user_type] = {.schema = "s", .name = "d", .kind = 'd', .base_type = user_type + 1};
  EXPECT_EQ(missing_type({user_type, -1}, catalog), user_type + 1);
  catalog[user_type + 1] = {.schema = "s", .name = "e", .kind = 'd', .base_type = 1043, .base_modifier = 11};
  EXPECT_EQ(missing_type({user_type, -1}, catalog), std::nullopt);
  EXPECT_EQ(local_name({user_type, -1}, catalog), "character varying(7)");
  EXPECT_EQ(cast({user_type, -1}, catalog), "");
  EXPECT_EQ(type_name({user_type, -1}, catalog), "s.d");
}

TEST(PostgresTypes, DomainsInCirclesEnd) {
  CatalogTypes catalog;
  catalog[user_type] = {.schema = "s", .name = "d", .kind = 'd', .base_type = user_type};
  EXPECT_EQ(local_name({user_type, -1}, catalog), "text");
}

TEST(PostgresTypes, EnumsAndComposites) {
  CatalogTypes catalog;
  catalog[user_type] = {.schema = "s", .name = "mood", .kind = 'e'};
  EXPECT_EQ(local_name({user_type, -1}, catalog), "text");
  EXPECT_EQ(cast({user_type, -1}, catalog), "");
  catalog[user_type].kind = 'c';
  EXPECT_EQ(local_name({user_type, -1}, catalog), "text");
  EXPECT_EQ(cast({user_type, -1}, catalog), "pg_catalog.text");
}

TEST(PostgresTypes, ArraysOfUserTypes) {
  CatalogTypes catalog;
  catalog[user_type] = {.schema = "s", .name = "_mood", .element_type = user_type + 1};
  EXPECT_EQ(missing_type({user_type, -1}, catalog), user_type + 1);
  catalog[user_type + 1] = {.schema = "s", .name = "mood", .kind = 'e'};
  EXPECT_EQ(local_name({user_type, -1}, catalog), "text[]");
  catalog[user_type + 1] = {
      .schema = "s", .name = "d", .kind = 'd', .base_type = 1700, .base_modifier = numeric_modifier(5, 1)};
  EXPECT_EQ(local_name({user_type, -1}, catalog), "numeric(5,1)[]");
  EXPECT_EQ(cast({user_type, -1}, catalog), "numeric(5,1)[]");
}

TEST(PostgresTypes, Extensions) {
  CatalogTypes catalog;
  catalog[user_type] = {.schema = "public", .name = "hstore", .extension = "hstore"};
  const ColumnRule hstore = binary_rule({user_type, -1}, catalog, 2);
  EXPECT_EQ(hstore.type.extension, "hstore");
  EXPECT_EQ(hstore.type.name, "hstore");
  EXPECT_EQ(hstore.form, ValueForm::text);
  EXPECT_EQ(hstore.cast, "pg_catalog.text");
  catalog[user_type] = {.schema = "public", .name = "geometry", .extension = "postgis"};
  const ColumnRule geometry = binary_rule({user_type, 4326 << 8 | 1 << 2}, catalog, 2);
  EXPECT_EQ(geometry.type.kind, TypeKind::geometry);
  EXPECT_EQ(geometry.type.srid, 4326);
  EXPECT_EQ(geometry.type.name, "");
  EXPECT_EQ(geometry.form, ValueForm::receive);
  EXPECT_EQ(geometry.cast, "");
  for (const auto& [bits, dimensions] : {std::pair(1, "M"), {2, "Z"}, {3, "ZM"}}) {
    const ColumnRule more = binary_rule({user_type, 4326 << 8 | 1 << 2 | bits}, catalog, 2);
    EXPECT_EQ(more.type.srid, 4326);
    EXPECT_EQ(more.type.name, dimensions);
  }
  EXPECT_EQ(binary_rule({user_type, -1}, catalog, 2).type.name, "");
}

TEST(PostgresTypes, TextForm) {
  for (const Oid oid : {16u, 17u, 23u, 1700u, 3802u, 1007u}) {
    const ColumnRule rule = text_rule({oid, -1}, {});
    EXPECT_EQ(rule.form, ValueForm::text);
    EXPECT_EQ(rule.decode, Decode::bytes);
    EXPECT_EQ(rule.cast, "");
    EXPECT_EQ(rule.type, binary_rule({oid, -1}, {}, 2).type);
  }
  EXPECT_EQ(sql_type_name(text_rule({money_oid, -1}, {}).type), "text");
}

}  // namespace
}  // namespace connector::postgres
