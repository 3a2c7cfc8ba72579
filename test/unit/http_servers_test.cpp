#include <gtest/gtest.h>

#include "http/database/servers.hpp"

namespace connector::http {
namespace {

using Places = std::vector<ServerPlace>;

TEST(HttpServersTest, ListsAreReadAsLibpqReadsThem) {
  EXPECT_EQ(server_places({}), Places(1));
  EXPECT_EQ(server_places({{"host", "a"}, {"port", "5433"}}), (Places{{"a", "", "5433"}}));
  EXPECT_EQ(server_places({{"host", "a,b"}, {"port", "1"}}), (Places{{"a", "", "1"}, {"b", "", "1"}}));
  EXPECT_EQ(server_places({{"host", "a,,/tmp"}, {"port", "1,,3"}}),
            (Places{{"a", "", "1"}, {"", "", ""}, {"/tmp", "", "3"}}));
  EXPECT_EQ(server_places({{"hostaddr", "::1,127.0.0.1"}}), (Places{{"", "::1", ""}, {"", "127.0.0.1", ""}}));
  EXPECT_EQ(server_places({{"host", "a,b"}, {"hostaddr", "::1,::2"}}), (Places{{"a", "::1", ""}, {"b", "::2", ""}}));
  EXPECT_THROW(server_places({{"host", "a,b"}, {"hostaddr", "::1"}}), std::runtime_error);
  EXPECT_THROW(server_places({{"host", "a,b,c"}, {"port", "1,2"}}), std::runtime_error);
}

TEST(HttpServersTest, OnlyNamesAreLookedUp) {
  EXPECT_TRUE(has_only_name({"db.example.com", "", ""}));
  EXPECT_TRUE(has_only_name({"localhost", "", ""}));
  for (const char* host : {"", "/var/run/postgresql", "@abstract", "127.0.0.1", "::1"}) {
    EXPECT_FALSE(has_only_name({host, "", ""})) << host;
  }
  EXPECT_FALSE(has_only_name({"db.example.com", "192.0.2.1", ""}));
}

TEST(HttpServersTest, TimeOfAServer) {
  using namespace std::chrono_literals;
  EXPECT_EQ(time_of_server({}), 10s);
  EXPECT_EQ(time_of_server({{"connect_timeout", "30"}}), 30s);
  EXPECT_EQ(time_of_server({{"connect_timeout", "1"}}), 2s);
  EXPECT_EQ(time_of_server({{"connect_timeout", "0"}}), std::nullopt);
  EXPECT_EQ(time_of_server({{"connect_timeout", "-1"}}), std::nullopt);
}

TEST(HttpServersTest, AStandbyThatIsPreferredTakesTwoRounds) {
  using Rounds = std::vector<std::string>;
  EXPECT_EQ(rounds_of_attributes({}, 2), Rounds{""});
  EXPECT_EQ(rounds_of_attributes({{"target_session_attrs", "read-write"}}, 2), Rounds{"read-write"});
  EXPECT_EQ(rounds_of_attributes({{"target_session_attrs", "prefer-standby"}}, 1), Rounds{"prefer-standby"});
  EXPECT_EQ(rounds_of_attributes({{"target_session_attrs", "prefer-standby"}}, 2), (Rounds{"standby", "any"}));
}

}  // namespace
}  // namespace connector::http
