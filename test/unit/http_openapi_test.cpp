#include "http/routes/openapi.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "http/routes/schemas.hpp"
#include "http/routes/table.hpp"

namespace connector::http {
namespace {

std::set<std::string> names_of_schemas() {
  std::set<std::string> names;
  for (const NamedSchema& schema : schemas()) names.emplace(schema.name);
  return names;
}

/// The names of all `$ref` below `json`.
void collect_references(const Json& json, std::set<std::string>& names) {
  constexpr std::string_view begin = "#/components/schemas/";
  if (json.is_object() && json.contains("$ref")) {
    const std::string& reference = json["$ref"].get_ref<const std::string&>();
    ASSERT_TRUE(reference.starts_with(begin)) << reference;
    names.insert(reference.substr(begin.size()));
  }
  if (json.is_structured()) {
    for (const Json& element : json) collect_references(element, names);
  }
}

TEST(HttpOpenApi, SchemasAreObjectsInTheOrderOfTheirNames) {
  std::string_view before;
  for (const NamedSchema& schema : schemas()) {
    EXPECT_LT(before, schema.name);
    before = schema.name;
    EXPECT_TRUE(Json::parse(schema.text).is_object()) << schema.name;
  }
}

TEST(HttpOpenApi, EverySchemaThatIsNamedIsThereAndTheOtherWayRound) {
  std::set<std::string> named;
  collect_references(openapi_document(all_routes()), named);
  EXPECT_EQ(named, names_of_schemas());
}

/// `/api/v1/imports/{id}`: segments of plain letters, or a name in braces that comes once.
void expect_well_formed(std::string_view path) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789_.";
  ASSERT_TRUE(path.starts_with('/')) << path;
  std::set<std::string_view> names;
  std::string_view rest = path;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    std::string_view segment = rest.substr(0, rest.find('/'));
    rest.remove_prefix(segment.size());
    if (path == "/") return;
    ASSERT_FALSE(segment.empty()) << path;
    if (segment.starts_with('{')) {
      ASSERT_TRUE(segment.ends_with('}')) << path;
      segment = segment.substr(1, segment.size() - 2);
      EXPECT_TRUE(names.insert(segment).second) << path;
    }
    EXPECT_FALSE(segment.empty()) << path;
    EXPECT_EQ(segment.find_first_not_of(letters), std::string_view::npos) << path;
  }
}

TEST(HttpOpenApi, TemplatesAreWellFormed) {
  for (const Route& route : all_routes()) expect_well_formed(route.path);
}

TEST(HttpOpenApi, OperationsAreUniqueAndSaidToDoSomething) {
  std::set<std::string_view> operations;
  std::set<std::pair<std::string_view, Method>> calls;
  for (const Route& route : all_routes()) {
    EXPECT_FALSE(route.operation.empty()) << route.path;
    EXPECT_TRUE(operations.insert(route.operation).second) << route.operation;
    EXPECT_TRUE(calls.emplace(route.path, route.method).second) << route.path;
    EXPECT_FALSE(route.summary.empty()) << route.operation;
    bool succeeds = false;
    for (const AnswerText& answer : route.answers) succeeds = succeeds || answer.status / 100 == 2;
    EXPECT_TRUE(succeeds) << route.operation;
  }
}

TEST(HttpOpenApi, EveryRouteOfTheApiIsInTheDocumentWithItsParameters) {
  const Json document = openapi_document(all_routes());
  std::size_t operations = 0;
  for (const Json& path : document["paths"]) operations += path.size();
  std::size_t of_api = 0;
  for (const Route& route : all_routes()) {
    of_api += route.is_api ? 1 : 0;
    EXPECT_EQ(document["paths"].contains(std::string(route.path)), route.is_api) << route.path;
  }
  EXPECT_EQ(operations, of_api);
  EXPECT_LT(of_api, all_routes().size()) << "the page's files are none of the API";

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
}

}  // namespace
}  // namespace connector::http
