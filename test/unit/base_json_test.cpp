#include "core/base/json.hpp"

#include "requests.hpp"

namespace connector::core {
namespace {

using namespace testing;

TEST(ParseConnector, CountlessOffendingKeysAreCounted) {
  std::string json = R"({"provider": "mysql")";
  for (int i = 0; i < 9'900; ++i) json += ",\"key" + std::to_string(i) + "\":0";
  const Refusal found = refusal(json + "}");
  EXPECT_LT(found.message.size(), 1000u);
  EXPECT_LT(found.detail.size(), 10'000u);
  EXPECT_NE(found.detail.find("Unknown key \"key0\"."), std::string::npos);
  EXPECT_NE(found.detail.find("\nAnd 98"), std::string::npos) << found.detail;
}

TEST(ParseConnector, NulCharactersAreErrors) {
  expect_problem(request(R"("table": "a\u0000b")"), "table", R"(Key "table" must not hold the character U+0000.)");
  expect_problem(connection(R"("server": "d", "username": "u", "password": "\u0000")"), "connection.password",
                 R"(Key "connection.password" must not hold the character U+0000.)");
  expect_problem(request(R"("table": "t", "columns": ["a\u0000"])"), "columns",
                 R"(Key "columns" must not hold the character U+0000.)");
  expect_problem(request(R"("table": "t", "columns": {"a\u0000": null})"), "columns",
                 R"(Key "columns" must not hold the character U+0000.)");
  expect_problem(R"({"provider": "hive", "table": "t", "connection": {"server": "d", "session": {"a": "\u0000"}}})",
                 "connection.session", R"(Key "connection.session" must not hold the character U+0000.)");
  expect_problem(request(R"("table": "t", "ta\u0000ble": 1)"), "ta\\x00ble",
                 R"(Unknown key "ta\x00ble"; did you mean "table"?)");
}

TEST(ParseConnector, MalformedJsonIsToldByItsPositionWithoutItsText) {
  const Refusal found = refusal(R"({"connection": {"password": "hunter2" "x"}})");
  EXPECT_EQ(found.number, ErrorNumber::invalid_parameters);
  EXPECT_EQ(found.message, "malformed connector JSON");
  EXPECT_EQ(found.detail, "The text is no valid JSON at byte 41.\nConnector error 1502.");
  for (const char* json :
       {"", " ", "{", "{\"a\":}", "{} {}", "[1,]", "{\"a\": 1e999}", "\"\xff\"", "{'a': 1}", "nul"}) {
    EXPECT_EQ(refusal(json).message, "malformed connector JSON") << json;
  }
}

TEST(ParseConnector, OnlyAnObjectIsARequest) {
  for (const char* json : {"[]", "1", "\"mysql\"", "null", "true"}) {
    EXPECT_EQ(refusal(json).message, "connector parameters must be a JSON object") << json;
    EXPECT_EQ(refusal(json).number, ErrorNumber::invalid_parameters);
  }
}

TEST(ParseConnector, DeepNestingIsRefused) {
  const std::string deep = R"({"a":)" + std::string(100000, '[') + std::string(100000, ']') + '}';
  EXPECT_EQ(refusal(deep).detail, "The JSON is nested too deeply.\nConnector error 1502.");
}

TEST(ParseConnector, ManyProblemsAreCounted) {
  std::string members = "\"table\": \"t\"";
  for (int i = 0; i < 20; ++i) members += ", \"qqq" + std::to_string(i) + "zzz\": 1";
  const std::string message = refusal(request(members)).message;
  EXPECT_TRUE(message.ends_with(" and 4 more")) << message;
}

TEST(ParseConnector, LongKeysAreCutInMessages) {
  const std::string key(5000, 'k');
  EXPECT_LT(refusal(request("\"table\": \"t\", \"" + key + "\": 1")).message.size(), 200u);
}

TEST(Json, LongerTextsThanAllowedAreNotRead) {
  const std::string longest = R"({"table": ")" + std::string(max_json_bytes - 13, 'x') + "\"}";
  EXPECT_NO_THROW(parse_json(longest));
  const Refusal found = refusal(longest + ' ');
  EXPECT_EQ(found.number, ErrorNumber::invalid_parameters);
  EXPECT_EQ(found.message, "the connector JSON is too long");
  EXPECT_EQ(found.detail, "It has 1048577 bytes; at most 1048576 are allowed.\nConnector error 1502.");
}

TEST(Json, MoreValuesThanAllowedAreNotRead) {
  const auto list = [](std::size_t values) {
    std::string json = "[0";
    for (std::size_t i = 2; i < values; ++i) json += ",0";
    return json + ']';
  };
  EXPECT_NO_THROW(parse_json(list(max_json_values)));
  const Refusal found = refusal(list(max_json_values + 1));
  EXPECT_EQ(found.number, ErrorNumber::invalid_parameters);
  EXPECT_EQ(found.message, "the connector JSON has too many values");
  EXPECT_EQ(found.detail, "At most 10000 are allowed, of members and items together.\nConnector error 1502.");
  // Members count as items do, and so do empty objects.
  std::string members;
  for (int i = 0; i < 10'000; ++i) members += ",\"k" + std::to_string(i) + "\":{}";
  EXPECT_EQ(refusal('{' + members.substr(1) + '}').message, "the connector JSON has too many values");
}

TEST(Json, TextIsNeverLongerThanWhatItWasReadFrom) {
  for (const char* json : {R"("\n\t\r\b\f\"\\\/\u0001\u007f\u00e9é")", R"([1,-0,1.50,1E5,true,false,null,{},[],""])",
                           R"({"":"","a":{"b":[ ]} })"}) {
    const std::string text = json_text(parse_json(json));
    EXPECT_LE(text.size(), std::string_view(json).size()) << json;
    EXPECT_EQ(json_text(parse_json(text)), text);
  }
}

}  // namespace
}  // namespace connector::core
