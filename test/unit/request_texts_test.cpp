#include "core/request/request_texts.hpp"

#include <gtest/gtest.h>

#include <string>

namespace connector::core {
namespace {

TEST(RequestTexts, Server) {
  ConnectorSpec spec;
  EXPECT_EQ(server_text(spec), "");
  spec.connection = {{"server", "db.example.com"}, {"username", "reader"}, {"password", "secret"}};
  EXPECT_EQ(server_text(spec), "db.example.com");
  spec.connection["port"] = "3307";
  EXPECT_EQ(server_text(spec), "db.example.com:3307");
  spec.foreign_server = "shop";
  EXPECT_EQ(server_text(spec), "shop");
}

TEST(RequestTexts, Source) {
  ConnectorSpec spec;
  EXPECT_EQ(source_text(spec), "");
  spec.table = "orders";
  EXPECT_EQ(source_text(spec), "orders");
  spec.schema = "shop";
  EXPECT_EQ(source_text(spec), "shop.orders");
  spec.sql_query = "  SELECT *\n\t FROM orders\r\n";
  EXPECT_EQ(source_text(spec), "SELECT * FROM orders") << "the query, in one line";
}

TEST(RequestTexts, Cut) {
  ConnectorSpec spec;
  spec.sql_query = std::string(max_request_text, 'x');
  EXPECT_EQ(source_text(spec), *spec.sql_query);
  spec.sql_query = std::string(max_request_text - 5, 'x') + "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9";
  const std::string cut = source_text(spec);
  EXPECT_LE(cut.size(), max_request_text);
  EXPECT_EQ(cut, std::string(max_request_text - 5, 'x') + "\xc3\xa9...") << "at a character";
  spec.foreign_server = std::string(300, 's');
  EXPECT_EQ(server_text(spec).size(), max_request_text);
}

}  // namespace
}  // namespace connector::core
