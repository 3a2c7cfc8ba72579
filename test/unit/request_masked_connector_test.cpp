#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "core/request/connector_spec.hpp"
#include "core/base/error.hpp"
#include "core/base/json.hpp"
#include "core/request/masked_connector.hpp"
#include "fake_provider.hpp"

namespace connector::core {
namespace {

std::string masked(std::string_view json) {
  return mask_connector(json, testing::fake_registry()).text;
}

std::vector<std::string> secrets(std::string_view json) {
  return mask_connector(json, testing::fake_registry()).secret_texts;
}

/// The request after it was stored.
std::string stored_and_read(std::string_view json) {
  MaskedConnector masked = mask_connector(json, testing::fake_registry());
  return whole_connector({masked.text, masked.secrets, false});
}

bool has(const std::vector<std::string>& texts, std::string_view text) {
  return std::find(texts.begin(), texts.end(), text) != texts.end();
}

TEST(MaskedConnector, MasksThePasswordAndKeepsEverythingElse) {
  EXPECT_EQ(masked(R"({ "Provider" : "mysql", "connection": {"PassWord": "hunter2", "server": "d", "port": 3306},
                        "table": "t", "max_rows": 10, "default_columns": true, "schema": null })"),
            R"({"Provider":"mysql","connection":{"PassWord":"********","server":"d","port":3306},)"
            R"("table":"t","max_rows":10,"default_columns":true,"schema":null})");
}

TEST(MaskedConnector, KeepsNestedValuesAndNumbersAsWritten) {
  EXPECT_EQ(masked(R"({"provider":"hive","connection":{"server":"d","session":{"tez.queue.name":1.50}},
                       "columns":{"password":null,"b":"text"},"sync":{"key":["a","b"]}})"),
            R"({"provider":"hive","connection":{"server":"d","session":{"tez.queue.name":1.50}},)"
            R"("columns":{"password":null,"b":"text"},"sync":{"key":["a","b"]}})");
}

TEST(MaskedConnector, GivesTheConnectorOfTheWrappedForm) {
  EXPECT_EQ(masked(R"({"interval": 900, "connector": {"provider":"mysql","connection":{"password":"x"}}})"),
            R"({"provider":"mysql","connection":{"password":"********"}})");
}

TEST(MaskedConnector, EscapesText) {
  EXPECT_EQ(masked(R"({"provider":"mysql","table":"a\"b\\c\u0001\n\u00e9","connection":"s\/t"})"),
            "{\"provider\":\"mysql\",\"table\":\"a\\\"b\\\\c\\u0001\\né\",\"connection\":\"s/t\"}");
}

TEST(MaskedConnector, MasksWhatMightBeAPassword) {
  // Misspelt, misplaced, of another type, twice, or beside an unknown provider.
  for (const char* json :
       {R"({"provider":"mysql","connection":{"pasword":"hunter2"}})", R"({"provider":"mysql","password":"hunter2"})",
        R"({"provider":"mysql","connection":{"password":{"a":"hunter2"}}})",
        R"({"provider":"mysql","connection":{"server":["hunter2"]}})",
        R"({"provider":"mysql","connection":["hunter2"]})",
        R"({"provider":"mysql","connection":{"password":"x","Password":"hunter2"}})",
        R"({"provider":"nosuch","connection":{"password":"hunter2"}})", R"({"connection":{"password":"hunter2"}})",
        R"({"provider":"hive","provider":"vault","unlock":"hunter2"})",
        R"({"provider":"vault","unlock":"hunter2","connection":{}})",
        R"({"connector":{"provider":"mysql"},"password":"hunter2"})", R"({"connector":"hunter2"})",
        R"({"provider":"hive","connection":{"session":{"hive.keystore.Password":"hunter2"}}})",
        R"({"provider":"odbc","connection":{"driver":"x","pwd":"hunter2"}})"}) {
    EXPECT_EQ(masked(json).find("hunter2"), std::string::npos) << masked(json);
    const bool stays_out = std::string_view(json).starts_with(R"({"connector":{)");
    EXPECT_EQ(masked(json).find("********") != std::string::npos, !stays_out) << json;
  }
}

TEST(MaskedConnector, MalformedTextIsAnErrorWithoutTheText) {
  for (const char* json : {"", "{\"password\": \"hunter2\"", "[\"hunter2\"]", "\"hunter2\""}) {
    try {
      masked(json);
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.number(), ErrorNumber::invalid_parameters);
      EXPECT_EQ((error.message() + error.detail() + error.hint()).find("hunter2"), std::string::npos);
    }
  }
}

TEST(SecretTexts, AreThoseThatAreMasked) {
  const auto found = secrets(R"({"provider":"mysql","connection":{"password":"hunter2","server":"d","pasword":"h3"}})");
  EXPECT_TRUE(has(found, "hunter2"));
  EXPECT_TRUE(has(found, "h3"));
  EXPECT_FALSE(has(found, "d"));
  EXPECT_FALSE(has(found, "mysql"));
}

TEST(SecretTexts, AreAlsoThoseBesideTheWrappedConnector) {
  const auto found =
      secrets(R"({"connection":{"password":"hunter2","server":"d"},"interval":3600,"pasword":"h3",)"
              R"("connector":{"provider":"mysql","connection":{"password":"h4"}},"Connector":{"k":"h5"}})");
  for (const char* secret : {"hunter2", "h3", "h4", "h5"}) EXPECT_TRUE(has(found, secret)) << secret;
  for (const char* shown : {"d", "3600", "mysql"}) EXPECT_FALSE(has(found, shown)) << shown;
}

TEST(SecretTexts, AreNeverEmptyTexts) {
  EXPECT_TRUE(secrets(R"({"provider":"mysql","connection":{"password":""}})").empty());
  EXPECT_TRUE(secrets(R"({"provider":"mysql","connection":{"password":null}})").empty());
}

TEST(MaskedConnector, OnlySettingsKnownToBeHarmlessAreShown) {
  const std::string shown = masked(
      R"({"provider":"hive","connection":{"server":"d","session":{"Tez.queue.Name":"etl","fs.azure.account.key.x":"k1",)"
      R"("hive.password":"k2","anything":"k3","tez.queue.name2":"k4","number":5}}})");
  EXPECT_NE(shown.find(R"("Tez.queue.Name":"etl")"), std::string::npos) << shown;
  for (const char* secret : {"k1", "k2", "k3", "k4", ":5"}) EXPECT_EQ(shown.find(secret), std::string::npos) << shown;
}

TEST(StoredRequest, IsPutTogetherAgainExactly) {
  for (
      const char* json :
      {R"({"provider":"mysql","connection":{"server":"d","password":"hunter2","port":3306},"table":"t"})",
       // no secret, an empty one, null, and one that looks like a mask
       R"({"provider":"mysql","connection":{"server":"d"},"table":"********"})",
       R"({"provider":"mysql","connection":{"password":"","server":"********"}})",
       R"({"provider":"mysql","connection":{"password":null}})",
       R"({"provider":"mysql","connection":{"password":"********","server":"d"},"table":"********"})",
       // the same key in several places, and secrets that are no text
       R"({"provider":"mysql","password":"a","connection":{"password":"b","Password":"c"},"columns":{"password":"text"}})",
       R"({"provider":"mysql","connection":{"password":{"a":[1,{"b":"********"}],"c":null},"pasword":[[]]},"x":1.50})",
       R"({"provider":"mysql","connection":["hunter2",{"a":1}],"unknown":{"a":{}},"table":{"b":2}})",
       R"({"provider":"hive","connection":{"server":"d","session":{"a":"1","tez.queue.name":"q","b":true}}})",
       R"({"provider":"odbc","connection":{"driver":"x","pwd":"1","uid":"2"},"sync":{"key":["a","b"]}})",
       R"({"unlock":"u","provider":"vault","connection":{"server":"d","password":"p\"\\\u0001"}})", "{}"}) {
    EXPECT_EQ(stored_and_read(json), json_text(parse_json(json)));
  }
}

/// JSON of any shape, with keys that mean something here and there.
JsonValue random_value(std::mt19937& random, int depth) {
  static constexpr std::string_view words[] = {
      "provider", "connection", "password", "session",        "table",    "pasword", "mysql",   "hive",
      "odbc",     "vault",      "unlock",   "tez.queue.name", "********", "",        "a\"\\\n", "server"};
  const auto word = [&] { return std::string(words[random() % std::size(words)]); };
  JsonValue value;
  switch (random() % (depth > 4 ? 4 : 7)) {
    case 0:
      break;
    case 1:
      value.type = JsonValue::Type::boolean;
      value.text = "true";
      break;
    case 2:
      value.type = JsonValue::Type::decimal;
      value.text = "1.50";
      break;
    case 3:
      value.type = JsonValue::Type::string;
      value.text = word();
      break;
    case 4:
      value.type = JsonValue::Type::array;
      for (std::size_t i = random() % 3; i > 0; --i) value.items.push_back(random_value(random, depth + 1));
      break;
    default:
      value.type = JsonValue::Type::object;
      for (std::size_t i = random() % 6; i > 0; --i) value.members.push_back({word(), random_value(random, depth + 1)});
      break;
  }
  return value;
}

TEST(StoredRequest, OfAnyShapeIsPutTogetherAgain) {
  std::mt19937 random(20260);
  std::size_t with_secrets = 0;
  for (int i = 0; i < 3000; ++i) {
    JsonValue root = random_value(random, 0);
    if (root.type != JsonValue::Type::object) continue;
    const std::string json = json_text(root);
    const MaskedConnector found = mask_connector(json, testing::fake_registry());
    if (found.secrets) ++with_secrets;
    ASSERT_EQ(whole_connector({found.text, found.secrets, false}), json);
    ASSERT_EQ(mask_connector(found.text, testing::fake_registry()).text, found.text) << json;
  }
  EXPECT_GT(with_secrets, 100u);
}

TEST(StoredRequest, OfTheWrappedFormIsTheConnector) {
  EXPECT_EQ(stored_and_read(R"({"interval":900,"connector":{"provider":"mysql","connection":{"password":"x"}}})"),
            R"({"provider":"mysql","connection":{"password":"x"}})");
}

TEST(StoredRequest, HoldsNothingButTheSecretsApart) {
  const MaskedConnector found =
      mask_connector(R"({"provider":"mysql","connection":{"server":"d","password":"hunter2"},"sql_query":"SELECT 1"})",
                     testing::fake_registry());
  EXPECT_EQ(found.secrets, R"([[4,"hunter2"]])");
  EXPECT_FALSE(mask_connector(R"({"provider":"mysql","connection":"server"})", testing::fake_registry()).secrets);
}

TEST(StoredRequest, OfTheLargestAllowedSizeCanBeRead) {
  // Each mask is longer than its secret, and the query has characters that must be escaped.
  std::string json = R"({"provider":"odbc","connection":{"driver":"x")";
  for (int i = 0; i < 300; ++i) json += ",\"k" + std::to_string(i) + "\":\"\"";
  json += R"(},"sql_query":")";
  while (json.size() < max_json_bytes - 4) json += "\\n";
  json += "\"}";
  ASSERT_GT(masked(json).size(), max_json_bytes);
  EXPECT_EQ(stored_and_read(json), json);
}

TEST(StoredRequest, SecretsThatAreTooLongAreRefused) {
  const auto json = [](std::size_t length) {
    return R"({"provider":"mysql","connection":{"password":")" + std::string(length, 'x') + "\"}}";
  };
  const std::size_t around = std::string_view(R"([[3,""]])").size();
  EXPECT_EQ(stored_and_read(json(max_secret_bytes - around)), json(max_secret_bytes - around));
  try {
    masked(json(max_secret_bytes - around + 1));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.number(), ErrorNumber::invalid_parameters);
    EXPECT_EQ(error.message(), "the secrets of the request are too long");
    EXPECT_EQ(error.detail(), "They have 4001 bytes; at most 4000 are allowed.\nConnector error 1502.");
  }
}

TEST(StoredRequest, IsNotPutTogetherWithSecretsOfAnother) {
  const std::string masked_text = masked(R"({"provider":"mysql","connection":{"server":"d","password":"x"}})");
  EXPECT_NO_THROW(whole_connector({masked_text, R"([[4,"x"]])", false}));
  for (const char* secrets : {R"([[3,"x"]])", R"([[4,"x"],[5,"y"]])", R"([[400,"x"]])", R"([[4]])", R"([4,"x"])",
                              R"([["4"]])", R"([[1,"x"]])"}) {
    EXPECT_THROW(whole_connector({masked_text, secrets, false}), Error) << secrets;
  }
}

}  // namespace
}  // namespace connector::core
