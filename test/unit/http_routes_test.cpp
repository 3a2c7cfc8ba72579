// What routes of connector-http make of requests and failures, without a database.
#include <gtest/gtest.h>

#include <map>

#include "core/base/error.hpp"
#include "http/routes/connector_request.hpp"
#include "http/routes/failure_reply.hpp"
#include "http/routes/import_object.hpp"
#include "http/routes/list_query.hpp"
#include "http/routes/request_body.hpp"

namespace connector::http {
namespace {

SqlFailure failure_of(int number, std::string sqlstate) {
  SqlFailure failure;
  failure.message = "it failed";
  failure.number = number;
  failure.sqlstate = std::move(sqlstate);
  return failure;
}

Request request_of(const std::string& body, Parameters query = {}) {
  Request request;
  request.body = core::parse_json(body);
  request.query = std::move(query);
  return request;
}

template <typename Function>
unsigned refused(Function function) {
  try {
    function();
  } catch (const Refusal& refusal) {
    return refusal.reply.status;
  }
  return 0;
}

TEST(HttpFailureReply, EachNumberHasAStatus) {
  const std::map<int, unsigned> statuses = {{1011, 400}, {1012, 400}, {1014, 400}, {1022, 400}, {1501, 403},
                                            {1502, 400}, {2001, 400}, {2004, 400}, {2005, 400}, {2006, 400},
                                            {2012, 400}, {2013, 400}, {6667, 504}, {6669, 429}, {6671, 500},
                                            {6672, 504}, {6673, 504}, {99999, 500}};
  for (const core::ErrorNumberInfo& info : core::error_numbers()) {
    const int number = static_cast<int>(info.number);
    ASSERT_TRUE(statuses.contains(number)) << number;
    EXPECT_EQ(failure_status(failure_of(number, std::string(info.sqlstate))), statuses.at(number)) << number;
  }
}

TEST(HttpFailureReply, SqlstatesOfPostgres) {
  const std::map<std::string, unsigned> statuses = {
      {"", 503},      {"08006", 503}, {"40001", 503}, {"40P01", 503}, {"53300", 503}, {"53100", 503},
      {"55P03", 503}, {"57P01", 503}, {"57P03", 503}, {"57014", 504}, {"42501", 403}, {"25006", 403},
      {"28000", 403}, {"22P02", 400}, {"22007", 400}, {"23505", 400}, {"3F000", 400}, {"42P01", 400},
      {"0A000", 400}, {"54000", 400}, {"XX000", 500}, {"P0001", 500}, {"58030", 500}, {"25P02", 500}};
  for (const auto& [sqlstate, status] : statuses) {
    EXPECT_EQ(failure_status(failure_of(0, sqlstate)), status) << sqlstate;
  }
}

TEST(HttpFailureReply, MembersInTheirOrder) {
  SqlFailure failure = failure_of(1502, "HV024");
  failure.detail = "Missing key.\nConnector error 1502.";
  failure.hint = "Give it.";
  EXPECT_EQ(failure_reply(failure).body,
            R"({"errors":"it failed","detail":"Missing key.\nConnector error 1502.","hint":"Give it.",)"
            R"("error_code":1502,"sqlstate":"HV024"})");
  EXPECT_EQ(failure_reply(failure_of(0, "")).body, R"({"errors":"it failed"})");
  Json start;
  start["connected"] = false;
  start["errors"] = "no";
  const Reply reply = failure_reply(failure_of(1012, "HV00N"), 400, std::move(start));
  EXPECT_EQ(reply.status, 400U);
  EXPECT_EQ(reply.body, R"({"connected":false,"errors":"no","error_code":1012,"sqlstate":"HV00N"})");
}

TEST(HttpListQuery, Limits) {
  EXPECT_EQ(limit_of({}, 50, 1000), 50);
  EXPECT_EQ(limit_of({{"limit", "1"}}, 50, 1000), 1);
  EXPECT_EQ(limit_of({{"limit", "1000"}}, 50, 1000), 1000);
  for (const char* text : {"", "0", "-1", "1001", "1e2", " 5", "5 ", "x", "99999999999999999999"}) {
    EXPECT_EQ(refused([&] { limit_of({{"limit", text}}, 50, 1000); }), 400U) << text;
  }
}

TEST(HttpListQuery, IdsAndTexts) {
  const std::string id = "00000000-0000-4000-8000-00000000000a";
  EXPECT_EQ(id_of({}, "before"), std::nullopt);
  EXPECT_EQ(id_of({{"before", id}}, "before"), id);
  EXPECT_EQ(refused([&] { id_of({{"before", id + "0"}}, "before"); }), 400U);
  EXPECT_EQ(search_of({}), std::nullopt);
  EXPECT_EQ(search_of({{"search", ""}}), std::nullopt);
  std::string text;
  for (int i = 0; i < 200; ++i) text += "\xc3\xa4";
  EXPECT_EQ(search_of({{"search", text}}), text);
  EXPECT_EQ(refused([&] { search_of({{"search", text + "x"}}); }), 400U);
}

TEST(HttpRequestBody, WhoAsksIsNoPartOfIt) {
  const Request request = request_of(R"({"api_key":"k","connector":{"api_key":"x"},"client":"c","n":1})");
  EXPECT_EQ(core::json_text(body_without_key(request)), R"({"connector":{"api_key":"x"},"n":1})");
}

TEST(HttpRequestBody, Members) {
  constexpr std::string_view used[] = {"connector"};
  constexpr std::string_view ignored[] = {"privacy"};
  const auto checked = [&](const std::string& body) {
    return refused([&] { check_members(core::parse_json(body), used, ignored); });
  };
  EXPECT_EQ(checked(R"({})"), 0U);
  EXPECT_EQ(checked(R"({"privacy":1,"connector":{}})"), 0U);
  EXPECT_EQ(checked(R"({"Connector":{}})"), 400U);
  EXPECT_EQ(checked(R"({"connector":{},"connector":{}})"), 400U);
  EXPECT_EQ(checked(R"({"privacy":1,"privacy":1})"), 400U);
}

TEST(HttpRequestBody, ValuesOfTheAddressStandBehindThoseOfTheBody) {
  const core::JsonValue body = core::parse_json(R"({"a":1,"b":null})");
  const Parameters query = {{"a", "2"}, {"b", "3"}, {"c", ""}};
  EXPECT_EQ(given(body, query, "a")->text, "1");
  EXPECT_EQ(given(body, query, "b")->text, "3");
  EXPECT_FALSE(given(body, query, "c"));
  EXPECT_FALSE(given(body, query, "d"));
}

TEST(HttpRequestBody, NumbersStayAsTheyAre) {
  EXPECT_EQ(wrapped_connector(core::parse_json(R"({"max_rows":9007199254740993,"x":1.50})")),
            R"({"connector":{"max_rows":9007199254740993,"x":1.50}})");
}

TEST(HttpRequestBody, CollisionStrategyBesideTheConnector) {
  const auto connector = [](const std::string& body, const Parameters& query = {}) {
    const std::optional<core::JsonValue> found = given_connector(core::parse_json(body), query);
    return found ? core::json_text(*found) : "none";
  };
  EXPECT_EQ(connector(R"({"collision_strategy":"skip"})"), "none");
  EXPECT_EQ(connector(R"({"connector":null})"), "none");
  EXPECT_EQ(connector(R"({"connector":{"a":1},"collision_strategy":"skip"})", {{"collision_strategy", "rename"}}),
            R"({"a":1,"collision_strategy":"skip"})");
  EXPECT_EQ(connector(R"({"connector":{}})", {{"collision_strategy", "rename"}}), R"({"collision_strategy":"rename"})");
  EXPECT_EQ(connector(R"({"connector":"x","collision_strategy":"skip"})"), R"("x")");
}

TEST(HttpConnectorRequest, OfABody) {
  const auto connector = [](const std::string& body) { return connector_of_body(request_of(body), "mysql"); };
  EXPECT_EQ(connector(R"({"connection":{},"api_key":"k"})"), R"({"connection":{},"provider":"mysql"})");
  EXPECT_EQ(connector(R"({"provider":"mysql","connection":{}})"), R"({"provider":"mysql","connection":{}})");
  EXPECT_EQ(connector(R"({"provider":null})"), R"({"provider":"mysql"})");
  EXPECT_EQ(connector(R"({"connector":{"a":1},"interval":900})"),
            R"({"connector":{"a":1,"provider":"mysql"},"interval":900})");
  EXPECT_EQ(connector(R"({"connector":"x"})"), R"({"connector":"x"})");
  EXPECT_EQ(connector(R"({"Connector":{"PROVIDER":"mysql"}})"), R"({"Connector":{"PROVIDER":"mysql"}})");
  EXPECT_EQ(connector(R"({"Provider":null,"Connection":{}})"), R"({"Connection":{},"provider":"mysql"})");
  for (const char* other :
       {R"({"provider":"postgres"})", R"({"connector":{"provider":"MySQL"}})", R"({"provider":1})",
        R"({"provider":"mysql","provider":"postgres"})", R"({"Connector":{"Provider":"postgres"}})"}) {
    EXPECT_EQ(refused([&] { connector(other); }), 422U) << other;
  }
}

TEST(HttpConnectorRequest, OfAnAddress) {
  const std::string info =
      R"({"features":{},"parameters":{"provider":{},"schema":{},"connection":{"server":{},"schema_of":{}}}})";
  const auto connector = [&](Parameters query) {
    return connector_of_query(request_of("{}", std::move(query)), "mysql", info);
  };
  EXPECT_EQ(connector({{"api_key", "k"}, {"client", "c"}, {"limit", "3"}, {"server", "a&b"}, {"schema", "s"}}),
            R"({"schema":"s","connection":{"server":"a&b"},"provider":"mysql"})");
  EXPECT_EQ(connector({{"unknown", "1"}, {"server", "a"}, {"server", "b"}}),
            R"({"connection":{"unknown":"1","server":"a","server":"b"},"provider":"mysql"})");
  EXPECT_EQ(connector({{"Schema", "s"}, {"SERVER", "a"}}),
            R"({"Schema":"s","connection":{"SERVER":"a"},"provider":"mysql"})");
  EXPECT_EQ(connector({{"connection", "shop"}}), R"({"connection":"shop","provider":"mysql"})");
  EXPECT_EQ(connector({{"connection", "shop"}, {"server", "a"}}),
            R"({"connection":"shop","connection":{"server":"a"},"provider":"mysql"})");
  EXPECT_EQ(connector({}), R"({"connection":{},"provider":"mysql"})");
  EXPECT_EQ(refused([&] { connector({{"provider", "hive"}}); }), 422U);
}

TEST(HttpImportObject, WhatIsThereInEachState) {
  const Json waiting = Json::parse(import_object(
      R"({"id":"i","schema":"s","state":"enqueued","table_name":null,"success":null,"visualization_id":null})"));
  EXPECT_EQ(waiting.dump(),
            R"({"id":"i","table_name":null,"state":"enqueued","visualization_id":null,"user_defined_limits":"{}",)"
            R"("schema":"s"})");
  const Json complete = Json::parse(import_object(
      R"({"id":"i","rows":9223372036854775807,"state":"complete","table_name":"t","success":true,"is_raster":false})"));
  EXPECT_EQ(complete.dump(),
            R"({"id":"i","table_name":"t","state":"complete","visualization_id":"i","user_defined_limits":"{}",)"
            R"("success":true,"is_raster":false,"any_table_raster":false,"derived_visualization_id":null,)"
            R"("rows":9223372036854775807})");
  const Json skipped = Json::parse(
      import_object(R"({"id":"i","state":"complete","table_name":null,"success":true,"visualization_id":null})"));
  EXPECT_TRUE(skipped["visualization_id"].is_null());
}

}  // namespace
}  // namespace connector::http
