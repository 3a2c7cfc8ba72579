#include "drivers/hive/types.hpp"

#include <gtest/gtest.h>

#include "drivers/hive/source.hpp"

namespace connector::hive {
namespace {

using core::TypeKind;

rpc::TypeDesc primitive(int type, const std::map<std::string, int>& qualifiers = {}) {
  rpc::PrimitiveTypeEntry entry;
  entry.type = type;
  if (!qualifiers.empty()) {
    rpc::TypeQualifiers values;
    for (const auto& [name, value] : qualifiers) values.qualifiers[name].__set_i32Value(value);
    entry.__set_typeQualifiers(values);
  }
  rpc::TypeEntry any;
  any.__set_primitiveEntry(entry);
  rpc::TypeDesc type_desc;
  type_desc.types.push_back(any);
  return type_desc;
}

std::string local(int type, const std::map<std::string, int>& qualifiers = {}) {
  return core::sql_type_name(column_rule(primitive(type, qualifiers), std::nullopt).type);
}

TEST(HiveTypes, EveryTypeOfTheProtocol) {
  const char* expected[] = {"boolean",
                            "smallint",
                            "smallint",
                            "integer",
                            "bigint",
                            "real",
                            "double precision",
                            "text",
                            "timestamp without time zone",
                            "bytea",
                            "jsonb",
                            "jsonb",
                            "jsonb",
                            "jsonb",
                            "text",
                            "numeric",
                            "text",
                            "date",
                            "text",
                            "text",
                            "interval",
                            "interval",
                            "timestamp with time zone"};
  for (int type = 0; type < static_cast<int>(std::size(expected)); ++type)
    EXPECT_EQ(local(type), expected[type]) << type;
  EXPECT_EQ(local(99), "text");
  EXPECT_EQ(local(-1), "text");
}

TEST(HiveTypes, Qualifiers) {
  EXPECT_EQ(local(15, {{"precision", 38}, {"scale", 38}}), "numeric(38,38)");
  EXPECT_EQ(local(15, {{"precision", 10}, {"scale", 0}}), "numeric(10,0)");
  EXPECT_EQ(local(15, {{"precision", 99}, {"scale", 0}}), "numeric");
  EXPECT_EQ(local(15, {{"precision", 5}, {"scale", 7}}), "numeric");
  EXPECT_EQ(local(18, {{"characterMaximumLength", 20}}), "character varying(20)");
  EXPECT_EQ(local(19, {{"characterMaximumLength", 255}}), "character(255)");
  EXPECT_EQ(local(18, {{"characterMaximumLength", 2147483647}}), "text");
}

TEST(HiveTypes, NestedTypesAsTextIfThatIsAskedFor) {
  rpc::TypeEntry entry;
  entry.__set_mapEntry({});
  rpc::TypeDesc map;
  map.types.push_back(entry);
  EXPECT_EQ(column_rule(map, std::nullopt).decode, Decode::json);
  const core::LogicalType text{.kind = TypeKind::text};
  EXPECT_EQ(column_rule(map, text).type, text);
  EXPECT_EQ(column_rule({}, std::nullopt).type, text);
}

TEST(HiveTypes, WireKinds) {
  EXPECT_TRUE(can_decode(Decode::integer, WireKind::int8));
  EXPECT_FALSE(can_decode(Decode::integer, WireKind::string));
  EXPECT_FALSE(can_decode(Decode::text, WireKind::int32));
  EXPECT_TRUE(can_decode(Decode::bytes, WireKind::string));
  EXPECT_FALSE(can_decode(Decode::float4, WireKind::none));
}

}  // namespace
}  // namespace connector::hive
