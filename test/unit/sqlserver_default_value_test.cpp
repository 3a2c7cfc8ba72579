#include "drivers/sqlserver/default_value.hpp"

#include <string>

#include <gtest/gtest.h>

#include "defaults.hpp"

namespace connector::sqlserver {
namespace {

using core::TypeKind;

struct Column {
  const char* type;
  core::LogicalType local;
};

const Column number{"int", local_type(TypeKind::int4)};
const Column amount{"decimal(8,2)", local_type(TypeKind::numeric, 8)};
const Column money{"money", local_type(TypeKind::numeric, 19)};
const Column word{"nvarchar(40)", local_type(TypeKind::varchar, 40)};
const Column truth{"bit", local_type(TypeKind::boolean)};
const Column bytes{"varbinary(8)", local_type(TypeKind::bytea)};
const Column fixed_bytes{"binary(2)", local_type(TypeKind::bytea)};
const Column day{"date", local_type(TypeKind::date)};
const Column clock{"time(7)", local_type(TypeKind::time)};
const Column old_moment{"datetime", local_type(TypeKind::timestamp)};
const Column moment{"datetime2(7)", local_type(TypeKind::timestamp)};
const Column instant{"datetimeoffset(7)", local_type(TypeKind::timestamptz)};
const Column id{"uniqueidentifier", local_type(TypeKind::uuid)};
const Column variant{"sql_variant", local_type(TypeKind::text)};

std::string found(const Column& column, const std::string& definition) {
  return shown_default(default_of(definition, column.type, column.local));
}

TEST(SqlServerDefaultValue, Constants) {
  EXPECT_EQ(found(number, "((0))"), "constant 0");
  EXPECT_EQ(found(number, "((-1))"), "constant -1");
  EXPECT_EQ(found(amount, "((-1.5))"), "constant -1.5");
  EXPECT_EQ(found(money, "($1.5)"), "constant 1.5");
  EXPECT_EQ(found(word, "('it''s \\ x')"), "constant it's \\ x");
  EXPECT_EQ(found(word, "(N'é')"), "constant é");
  EXPECT_EQ(found(word, "((5))"), "constant 5");
  EXPECT_EQ(found(truth, "((1))"), "constant true");
  EXPECT_EQ(found(truth, "(CONVERT([bit],(0)))"), "constant false");
  EXPECT_EQ(found(truth, "('True')"), "constant true");
  EXPECT_EQ(found(bytes, "(0x00ff)"), "constant \\x00ff");
  EXPECT_EQ(found(fixed_bytes, "(0x01)"), "constant \\x0100");
  EXPECT_EQ(found(id, "('6F9619FF-8B86-D011-B42D-00C04FC964FF')"), "constant 6F9619FF-8B86-D011-B42D-00C04FC964FF");
  EXPECT_EQ(found(word, "(NULL)"), "none");
}

/// What a language of the session could read otherwise is no constant.
TEST(SqlServerDefaultValue, Dates) {
  EXPECT_EQ(found(day, "('2020-01-02')"), "constant 2020-01-02");
  EXPECT_EQ(found(day, "('20200102')"), "constant 20200102");
  EXPECT_EQ(found(moment, "('2020-01-02T03:04:05.678')"), "constant 2020-01-02T03:04:05.678");
  EXPECT_EQ(found(moment, "('2020-01-02 03:04')"), "constant 2020-01-02 03:04");
  EXPECT_EQ(found(old_moment, "('2020-01-02T03:04:05')"), "constant 2020-01-02T03:04:05");
  EXPECT_EQ(found(old_moment, "('2020-01-02')"), "other ('2020-01-02')");
  EXPECT_EQ(found(old_moment, "('20200102 03:04')"), "constant 20200102 03:04");
  EXPECT_EQ(found(instant, "('2020-01-02T03:04:05')"), "constant 2020-01-02T03:04:05+00");
  EXPECT_EQ(found(clock, "('03:04:05.5')"), "constant 03:04:05.5");
  for (const char* text : {"('01/02/2020')", "('')", "((0))", "('2020-01-02 3 PM')", "('today')"}) {
    EXPECT_EQ(found(moment, text), std::string("other ") + text);
  }
}

TEST(SqlServerDefaultValue, Functions) {
  for (const char* text : {"(getdate())", "(sysdatetime())", "(CURRENT_TIMESTAMP)", "(sysdatetimeoffset())"}) {
    EXPECT_EQ(found(moment, text), "current time") << text;
    EXPECT_EQ(found(day, text), "current time") << text;
  }
  EXPECT_EQ(found(day, "(CONVERT([date],getdate()))"), "current time");
  EXPECT_EQ(found(moment, "(CONVERT([date],getdate()))"), "other (CONVERT([date],getdate()))");
  EXPECT_EQ(found(instant, "(getdate())"), "other (getdate())");
  EXPECT_EQ(found(instant, "(sysdatetimeoffset())"), "current time");
  EXPECT_EQ(found(instant, "(getutcdate())"), "current time");
  EXPECT_EQ(found(moment, "(sysutcdatetime())"), "current UTC time");
  EXPECT_EQ(found(id, "(newid())"), "uuid");
  EXPECT_EQ(found(id, "(newsequentialid())"), "uuid");
  EXPECT_EQ(found(word, "(newid())"), "uuid");
  EXPECT_EQ(found({"char(10)", local_type(TypeKind::bpchar, 10)}, "(newid())"), "other (newid())");
}

TEST(SqlServerDefaultValue, OthersAreToldAsTheyAre) {
  for (const char* text :
       {"('a'+'b')", "('a", "(CONVERT([varchar](3),'abcdef'))", "(CONVERT([nvarchar],'a'))",
        "(dateadd(day,(1),getdate()))", "(suser_sname())", "(user_name())", "((1)+(1))", "('a' -- b)", "(N'a' N'b')",
        "(NEXT VALUE FOR [s])", "()", "(CONVERT([int],))", "(0x0102)", "(1e3)", "", "('a');drop table t"}) {
    EXPECT_EQ(found(word, text), std::string("other ") + text);
  }
  EXPECT_EQ(found(number, "('')"), "other ('')");
  EXPECT_EQ(found(money, "('1.5')"), "other ('1.5')");
  EXPECT_EQ(found(day, "((0))"), "other ((0))");
  EXPECT_EQ(found(variant, "('x')"), "other ('x')");
}

}  // namespace
}  // namespace connector::sqlserver
