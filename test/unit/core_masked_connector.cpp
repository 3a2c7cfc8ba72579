#include <gtest/gtest.h>

#include <algorithm>

#include "core/connector_spec.hpp"
#include "core/error.hpp"
#include "fake_provider.hpp"

namespace connector::core {
namespace {

std::string masked(std::string_view json) {
  return masked_connector(json, testing::fake_registry());
}

std::vector<std::string> secrets(std::string_view json) {
  return secret_texts(json, testing::fake_registry());
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
  EXPECT_EQ(masked(R"({"provider":"hive","connection":{"server":"d","session":{"a":1.50,"b":[1,2]}},
                       "columns":{"password":null,"b":"text"},"sync":{"key":["a","b"]}})"),
            R"({"provider":"hive","connection":{"server":"d","session":{"a":1.50,"b":[1,2]}},)"
            R"("columns":{"password":null,"b":"text"},"sync":{"key":["a","b"]}})");
}

TEST(MaskedConnector, GivesTheConnectorOfTheWrappedForm) {
  EXPECT_EQ(masked(R"({"interval": 900, "connector": {"provider":"mysql","connection":{"password":"x"}}})"),
            R"({"provider":"mysql","connection":{"password":"********"}})");
}

TEST(MaskedConnector, EscapesText) {
  EXPECT_EQ(masked(R"({"provider":"mysql","table":"a\"b\\c\u0001\n\u00e9","connection":"s\/t"})"),
            "{\"provider\":\"mysql\",\"table\":\"a\\\"b\\\\c\\u0001\\u000aé\",\"connection\":\"s/t\"}");
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

TEST(SecretTexts, ComeInEverySpellingOfAStatement) {
  const auto found = secrets(R"({"provider":"mysql","connection":{"password":"a\"b\u0041'c\/"}})");
  for (const char* spelling :
       {R"(a"bA'c/)", R"(a\"bA'c/)", R"(a\"b\u0041'c\/)", R"(a\"b\u0041''c\/)", R"(a\\"b\\u0041''c\\/)"}) {
    EXPECT_TRUE(has(found, spelling)) << spelling;
  }
  // Longest first, so that replacing one leaves no piece of another.
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end(),
                             [](const std::string& a, const std::string& b) { return a.size() > b.size(); }));
}

TEST(SecretTexts, AreFoundBesideAWrappedConnectorToo) {
  const auto found =
      secrets(R"({"connector":{"provider":"mysql","connection":{"password":"p1"}},"interval":900,"password":"p2"})");
  EXPECT_TRUE(has(found, "p1"));
  EXPECT_TRUE(has(found, "p2"));
  EXPECT_FALSE(has(found, "900"));
  EXPECT_FALSE(has(found, "mysql"));
}

TEST(SecretTexts, AreNeverEmptyTexts) {
  EXPECT_TRUE(secrets(R"({"provider":"mysql","connection":{"password":""}})").empty());
  EXPECT_TRUE(secrets(R"({"provider":"mysql","connection":{"password":null}})").empty());
}

TEST(SecretTexts, OfMalformedTextThereAreNone) {
  EXPECT_TRUE(secrets("{\"password\": \"x").empty());
  EXPECT_TRUE(secrets("[]").empty());
}

}  // namespace
}  // namespace connector::core
