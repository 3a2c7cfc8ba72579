#include "drivers/postgres/default_value.hpp"

#include <string>

#include <gtest/gtest.h>

#include "defaults.hpp"

namespace connector::postgres {
namespace {

using core::TypeKind;

struct Column {
  const char* type;
  core::LogicalType local;
};

const Column number{"integer", local_type(TypeKind::int4)};
const Column amount{"numeric(8,2)", local_type(TypeKind::numeric, 8)};
const Column word{"text", local_type(TypeKind::text)};
const Column varying{"character varying(40)", local_type(TypeKind::varchar, 40)};
const Column padded{"character(5)", local_type(TypeKind::bpchar, 5)};
const Column truth{"boolean", local_type(TypeKind::boolean)};
const Column bits{"bit(3)", local_type(TypeKind::bit, 3)};
const Column day{"date", local_type(TypeKind::date)};
const Column clock{"time without time zone", local_type(TypeKind::time)};
const Column moment{"timestamp(3) without time zone", local_type(TypeKind::timestamp, 3)};
const Column instant{"timestamp with time zone", local_type(TypeKind::timestamptz)};
const Column id{"uuid", local_type(TypeKind::uuid)};
const Column mood{"public.mood", local_type(TypeKind::text)};
const Column list{"text[]", local_type(TypeKind::named)};
const Column money{"money", local_type(TypeKind::named)};

std::string found(const Column& column, const std::string& expression) {
  return shown_default(default_of(expression, column.type, column.local));
}

TEST(PostgresDefaultValue, Constants) {
  EXPECT_EQ(found(number, "0"), "constant 0");
  EXPECT_EQ(found(number, "(-5)"), "constant -5");
  EXPECT_EQ(found(number, "'-5'::integer"), "constant -5");
  EXPECT_EQ(found(amount, "4.99"), "constant 4.99");
  EXPECT_EQ(found(amount, "'-5'::integer"), "constant -5");
  EXPECT_EQ(found({"double precision", local_type(TypeKind::float8)}, "'-1.5'::numeric"), "constant -1.5");
  EXPECT_EQ(found(amount, "(- (5)::numeric)"), "constant -5");
  EXPECT_EQ(found(word, "'it''s \\ x'::text"), "constant it's \\ x");
  EXPECT_EQ(found(varying, "'x'::character varying"), "constant x");
  EXPECT_EQ(found(varying, "'x'::text"), "constant x");
  EXPECT_EQ(found(padded, "'x'::bpchar"), "constant x");
  EXPECT_EQ(found(truth, "true"), "constant true");
  EXPECT_EQ(found(bits, "B'101'::\"bit\""), "constant 101");
  EXPECT_EQ(found({"bit varying(5)", local_type(TypeKind::varbit, 5)}, "B'101'::\"bit\""), "constant 101");
  EXPECT_EQ(found(day, "'2020-01-02'::date"), "constant 2020-01-02");
  EXPECT_EQ(found(moment, "'2020-01-02 03:04:05'::timestamp without time zone"), "constant 2020-01-02 03:04:05");
  EXPECT_EQ(found(mood, "'happy'::public.mood"), "constant happy");
  EXPECT_EQ(found(list, "'{}'::text[]"), "constant {}");
}

TEST(PostgresDefaultValue, None) {
  EXPECT_EQ(found(word, "NULL::character varying"), "none");
  EXPECT_EQ(found(word, "NULL"), "none");
}

/// A cast that may change the value.
TEST(PostgresDefaultValue, Casts) {
  for (const auto& [column, text] : std::initializer_list<std::pair<Column, const char*>>{
           {varying, "'abc'::character varying(2)"},
           {word, "'x '::bpchar"},
           {number, "'5'::text"},
           {amount, "5.5::integer"},
           {amount, "'NaN'::double precision"},
           {word, "'-5'::integer"},
           {day, "'2020-01-02 03:04:05'::timestamp without time zone"},
           {moment, "'2020-01-02 03:04:05.1234'::timestamp(1) without time zone"},
           {mood, "'happy'::other.mood"},
           {word, "('1'::integer)::text"},
           {money, "'$1.00'::money"},
           {list, "ARRAY['a'::text]"}}) {
    EXPECT_EQ(found(column, text), std::string("other ") + text);
  }
}

TEST(PostgresDefaultValue, TheCurrentTime) {
  for (const char* text :
       {"now()", "CURRENT_TIMESTAMP", "CURRENT_TIMESTAMP(3)", "LOCALTIMESTAMP", "transaction_timestamp()",
        "statement_timestamp()", "(now())::timestamp without time zone", "('now'::text)::timestamp without time zone",
        "('now'::text)::timestamp(3) with time zone"}) {
    EXPECT_EQ(found(moment, text), "current time") << text;
    EXPECT_EQ(found(instant, text), "current time") << text;
  }
  for (const char* text : {"CURRENT_DATE", "now()", "('now'::text)::date", "(now())::date"}) {
    EXPECT_EQ(found(day, text), "current time") << text;
  }
  for (const char* text : {"CURRENT_TIME", "LOCALTIME", "('now'::text)::time with time zone", "now()"}) {
    EXPECT_EQ(found(clock, text), "current time") << text;
  }
  for (const char* text : {"CURRENT_DATE", "(now())::date", "('now'::text)::date", "clock_timestamp()",
                           "(now() + '1 day'::interval)", "public.now()", "now"}) {
    EXPECT_EQ(found(moment, text), std::string("other ") + text);
  }
  EXPECT_EQ(found(word, "(now())::text"), "other (now())::text");
}

TEST(PostgresDefaultValue, TheCurrentTimeInUtc) {
  for (const char* text : {"timezone('utc'::text, now())", "timezone('UTC'::text, now())",
                           "(now() AT TIME ZONE 'utc'::text)", "(CURRENT_TIMESTAMP AT TIME ZONE 'Utc'::text)"}) {
    EXPECT_EQ(found(moment, text), "current UTC time") << text;
    EXPECT_EQ(found(instant, text), std::string("other ") + text);
  }
  EXPECT_EQ(found(moment, "timezone('CET'::text, now())"), "other timezone('CET'::text, now())");
}

TEST(PostgresDefaultValue, Uuids) {
  EXPECT_EQ(found(id, "gen_random_uuid()"), "uuid");
  EXPECT_EQ(found(id, "public.uuid_generate_v4()"), "uuid");
  EXPECT_EQ(found(id, "\"My ext\".uuid_generate_v4()"), "uuid");
  EXPECT_EQ(found(word, "(gen_random_uuid())::text"), "uuid");
  EXPECT_EQ(found(id, "public.uuid_generate_v1()"), "other public.uuid_generate_v1()");
}

TEST(PostgresDefaultValue, HostileTexts) {
  for (const char* text : {"'a'||'b'", "'x'::text||'y'", "('x'::text || 'y'::text)", "'a", "'a'::text -- b",
                           "'a'::text; DROP TABLE t", "E'a'", "'a'::text COLLATE \"C\"", "nextval('s'::regclass)",
                           "f()", "()", "'a'::", "::text", "$$a$$", "-", "(", "'a'::text::text"}) {
    EXPECT_EQ(found(word, text), std::string("other ") + text);
  }
  EXPECT_EQ(found(word, "'\xff'::text"), "other '\\xff'::text");
  EXPECT_EQ(found(word, "'" + std::string(100000, 'x') + "'"), "constant " + std::string(100000, 'x'));
}

}  // namespace
}  // namespace connector::postgres
