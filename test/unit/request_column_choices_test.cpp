#include <gtest/gtest.h>

#include "core/request/connector_spec.hpp"
#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/request/connector_reader.hpp"
#include "fake_provider.hpp"

namespace connector::core {
namespace {

using Choices = std::vector<std::pair<std::string, std::string>>;  // name, type or "-"

std::string request(std::string_view columns) {
  return R"({"provider": "hive", "connection": {"server": "d"}, "table": "t", "columns": )" + std::string(columns) +
         '}';
}

Choices parse(std::string_view columns) {
  Choices result;
  for (const ColumnChoice& choice :
       parse_connector(request(columns), RequestKind::import, testing::fake_registry()).columns) {
    result.emplace_back(choice.name, choice.type.value_or("-"));
  }
  return result;
}

/// The original's form: a text in a JSON string.
Choices parse_text(std::string_view text) {
  JsonValue value;
  value.type = JsonValue::Type::string;
  value.text = text;
  return parse(json_text(value));
}

std::string refusal(std::string_view columns) {
  try {
    parse(columns);
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "invalid connector parameters: \"columns\"");
    return error.detail().substr(0, error.detail().find('\n'));
  }
  return "accepted";
}

std::string text_refusal(std::string_view text) {
  JsonValue value;
  value.type = JsonValue::Type::string;
  value.text = text;
  return refusal(json_text(value));
}

TEST(Columns, AsAnArrayOfNames) {
  EXPECT_EQ(parse(R"(["a", "B c", "d"])"), (Choices{{"a", "-"}, {"B c", "-"}, {"d", "-"}}));
  EXPECT_EQ(refusal(R"(["a", 1])"), R"(Each element of key "columns" must be a string, not an integer.)");
  EXPECT_EQ(refusal(R"(["a", ""])"), R"(Key "columns" has an entry without a column name.)");
  EXPECT_EQ(refusal(R"(["a", "a"])"), R"(Key "columns" names column "a" twice.)");
  EXPECT_EQ(refusal("[]"), R"(Key "columns" must name a column; without the key, all columns are read.)");
}

TEST(Columns, AsAnObjectOfTypes) {
  EXPECT_EQ(parse(R"j({"b": "numeric(10,2)", "a": null})j"), (Choices{{"b", "numeric(10,2)"}, {"a", "-"}}));
  EXPECT_EQ(parse(R"({"a": null, "A": "text"})"), (Choices{{"a", "-"}, {"A", "text"}}));  // remote names have a case
  EXPECT_EQ(refusal(R"({"a": 1})"), R"(The type of column "a" in key "columns" must be a string or null.)");
  EXPECT_EQ(refusal(R"({"a": " "})"), R"(The type of column "a" in key "columns" must be a string or null.)");
  EXPECT_EQ(refusal(R"({"a": null, "a": null})"), R"(Key "columns" names column "a" twice.)");
  EXPECT_EQ(refusal("{}"), R"(Key "columns" must name a column; without the key, all columns are read.)");
}

TEST(Columns, AsTheOriginalsText) {
  EXPECT_EQ(parse_text("a text, b numeric(10,2)"), (Choices{{"a", "text"}, {"b", "numeric(10,2)"}}));
  EXPECT_EQ(parse_text(" a ,\tB\n"), (Choices{{"a", "-"}, {"B", "-"}}));
  EXPECT_EQ(parse_text("t timestamp(3) with time zone,n double precision"),
            (Choices{{"t", "timestamp(3) with time zone"}, {"n", "double precision"}}));
  EXPECT_EQ(parse_text(R"("a, ""b""" text,"c" ,d "My Type")"),
            (Choices{{"a, \"b\"", "text"}, {"c", "-"}, {"d", "\"My Type\""}}));
  EXPECT_EQ(parse_text(R"("x"text)"), (Choices{{"x", "text"}}));
  EXPECT_TRUE(parse_text("  ").empty());
}

TEST(Columns, FaultsOfTheText) {
  EXPECT_EQ(text_refusal("a text,,b"), R"(Key "columns" has an entry without a column name.)");
  EXPECT_EQ(text_refusal("a,"), R"(Key "columns" has an entry without a column name.)");
  EXPECT_EQ(text_refusal("\"\" text"), R"(Key "columns" has an entry without a column name.)");
  for (const char* text : {"a numeric(10,2", "a numeric)", "\"a text", "a 'x"}) {
    EXPECT_EQ(text_refusal(text), R"(Key "columns" has a quote or parenthesis without its counterpart.)") << text;
  }
  EXPECT_EQ(text_refusal("a, a text"), R"(Key "columns" names column "a" twice.)");
}

TEST(Columns, OfAnotherType) {
  EXPECT_EQ(refusal("5"), R"(Key "columns" must be an array, an object or a string, not an integer.)");
}

}  // namespace
}  // namespace connector::core
