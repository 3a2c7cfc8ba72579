#include "http/routes/openapi.hpp"

#include <gtest/gtest.h>

#include <string>

#include "http/routes/schemas.hpp"

namespace connector::http {
namespace {

TEST(HttpOpenApi, SchemasAreObjectsInTheOrderOfTheirNames) {
  std::string_view before;
  for (const NamedSchema& schema : schemas()) {
    EXPECT_LT(before, schema.name);
    before = schema.name;
    EXPECT_TRUE(Json::parse(schema.text).is_object()) << schema.name;
  }
}

TEST(HttpOpenApi, ARouteIsInTheDocumentWithItsParameters) {
  Route route{.method = Method::put,
              .path = "/api/v1/things/{id}/parts/{part}",
              .operation = "x",
              .summary = "y",
              .handler = nullptr};
  route.body_schema = "Connector";
  route.body_required = true;
  route.query = {{"limit", "integer", "How many", true}};
  route.answers = {{200, "Text", {}, "text/plain"}, {204, "Nothing"}, {404, "Told", "Error"}};
  const Json made = openapi_document({route})["paths"]["/api/v1/things/{id}/parts/{part}"]["put"];
  ASSERT_EQ(made["parameters"].size(), 3U);
  EXPECT_EQ(made["parameters"][0]["name"], "id");
  EXPECT_EQ(made["parameters"][0]["schema"]["format"], "uuid");
  EXPECT_EQ(made["parameters"][1]["in"], "path");
  EXPECT_EQ(made["parameters"][2]["schema"]["type"], "integer");
  EXPECT_EQ(made["parameters"][2]["required"], true);
  EXPECT_EQ(made["requestBody"]["required"], true);
  EXPECT_EQ(made["responses"]["200"]["content"]["text/plain"]["schema"]["type"], "string");
  EXPECT_FALSE(made["responses"]["204"].contains("content"));
  EXPECT_TRUE(made["responses"]["404"].contains("content"));
  EXPECT_TRUE(made["responses"].contains("401"));
  EXPECT_FALSE(made.contains("security"));

  route.for_everybody = true;
  const Json open = openapi_document({route})["paths"]["/api/v1/things/{id}/parts/{part}"]["put"];
  EXPECT_FALSE(open["responses"].contains("401"));
  EXPECT_EQ(open["security"], Json::array());

  route.is_api = false;
  EXPECT_TRUE(openapi_document({route})["paths"].empty()) << "the page's files are none of the API";
}

}  // namespace
}  // namespace connector::http
