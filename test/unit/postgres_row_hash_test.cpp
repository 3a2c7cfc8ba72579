#include "drivers/postgres/row_hash.hpp"

#include <gtest/gtest.h>

#include "conditions.hpp"
#include "drivers/postgres/dialect.hpp"
#include "drivers/postgres/types.hpp"

namespace connector::postgres {
namespace {

using core::TypeKind;

std::string number(const core::LogicalType& type, const std::vector<std::string>& bounds) {
  return dialect().range_number("c", core::testing::columns_of_types({type})[0], bounds).value_or("");
}

TEST(PostgresRowHash, NumberOfTheRange) {
  EXPECT_EQ(number({.kind = TypeKind::int4}, {}), "CASE WHEN c IS NULL THEN 1 ELSE 0 END");
  EXPECT_EQ(number({.kind = TypeKind::int4}, {"7"}),
            "CASE WHEN c IS NULL THEN 2 WHEN c OPERATOR(pg_catalog.<) '7'::pg_catalog.int4 THEN 0 ELSE 1 END");
  EXPECT_EQ(number({.kind = TypeKind::date}, {"2020-01-01"}),
            "CASE WHEN c IS NULL THEN 2 WHEN c OPERATOR(pg_catalog.<) '2020-01-01'::pg_catalog.date THEN 0 ELSE 1 END");
  EXPECT_EQ(number({.kind = TypeKind::uuid}, {"00000000-0000-0000-0000-000000000000"}),
            "CASE WHEN c IS NULL THEN 2 WHEN c OPERATOR(pg_catalog.<) "
            "'00000000-0000-0000-0000-000000000000'::pg_catalog.uuid THEN 0 ELSE 1 END");
  EXPECT_EQ(
      number({.kind = TypeKind::varchar}, {"a", "b"}),
      "CASE WHEN c IS NULL THEN 3 WHEN c OPERATOR(pg_catalog.<) 'a'::pg_catalog.text COLLATE pg_catalog.\"C\" "
      "THEN 0 ELSE CASE WHEN c OPERATOR(pg_catalog.<) 'b'::pg_catalog.text COLLATE pg_catalog.\"C\" THEN 1 ELSE 2 "
      "END END");
  EXPECT_EQ(number({.kind = TypeKind::numeric}, {"Infinity"}), "");
}

TEST(PostgresRowHash, Statement) {
  EXPECT_EQ(row_hash("a, b::pg_catalog.text", 110000),
            "pg_catalog.encode(pg_catalog.record_send(ROW(a, b::pg_catalog.text)), 'hex')");
  EXPECT_EQ(
      sum_of_hashes("SELECT 1", 110000),
      "SELECT x.r, pg_catalog.count(*), "
      "pg_catalog.sum(pg_catalog.hashtextextended(x.h COLLATE pg_catalog.\"C\", 0::pg_catalog.int8)), "
      "pg_catalog.sum(pg_catalog.hashtextextended(x.h COLLATE pg_catalog.\"C\", 1::pg_catalog.int8)), "
      "pg_catalog.count(*) OPERATOR(pg_catalog.-) pg_catalog.count(x.h) FROM (SELECT 1 OFFSET 0) AS x GROUP BY x.r");
}

TEST(PostgresRowHash, StatementOfOldServers) {
  EXPECT_EQ(row_hash("a, b::pg_catalog.text", 100023),
            "pg_catalog.md5(pg_catalog.record_send(ROW(a, b::pg_catalog.text)))");
  EXPECT_EQ(
      sum_of_hashes("SELECT 1", 100023),
      "SELECT x.r, pg_catalog.count(*), "
      "pg_catalog.sum(('x' OPERATOR(pg_catalog.||) pg_catalog.substr(x.h, 1, "
      "16))::pg_catalog.\"bit\"(64)::pg_catalog.int8), "
      "pg_catalog.sum(('x' OPERATOR(pg_catalog.||) pg_catalog.substr(x.h, 17, "
      "16))::pg_catalog.\"bit\"(64)::pg_catalog.int8), "
      "pg_catalog.count(*) OPERATOR(pg_catalog.-) pg_catalog.count(x.h) FROM (SELECT 1 OFFSET 0) AS x GROUP BY x.r");
}

/// Each type is hashed in the binary form or the text in which it is imported: none is left out.
TEST(PostgresRowHash, WhatIsHashedIsWhatIsImported) {
  constexpr Oid last = 6157;
  int known = 0;
  for (Oid oid = 1; oid <= last; ++oid) {
    const BuiltinType* type = find_builtin(oid);
    if (type == nullptr) continue;
    ++known;
    const std::string cast = binary_rule({oid, -1}, {}, 2).cast;
    const bool is_binary = type->arrival == Arrival::decoded || type->arrival == Arrival::receive;
    EXPECT_EQ(cast, is_binary ? "" : "pg_catalog.text") << type->name;
  }
  EXPECT_GT(known, 60);
  EXPECT_EQ(binary_rule({1033, -1}, {}, 2).cast, "pg_catalog.text");  // aclitem has no binary form
  EXPECT_EQ(binary_rule({123456, -1}, {}, 2).cast, "pg_catalog.text");
  EXPECT_EQ(binary_rule({142, -1}, {}, 2).cast, "pg_catalog.text");  // xml, whose binary form names an encoding
}

}  // namespace
}  // namespace connector::postgres
