#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "http/database/limited_log.hpp"

namespace connector::http {
namespace {

using namespace std::chrono_literals;

const Clock::time_point start{1000h};

TEST(HttpLimitedLogTest, SoManyLinesOfAKind) {
  std::ostringstream text;
  LimitedLog log(text);
  for (int i = 0; i < 1000; ++i) log.line("login failed", "192.0.2.1", start);
  std::string lines = text.str();
  EXPECT_EQ(std::count(lines.begin(), lines.end(), '\n'), 20);
  log.line("events", "another kind", start);
  EXPECT_NE(text.str().find("events: another kind\n"), std::string::npos);
  log.line("login failed", "192.0.2.2", start + 3s);
  EXPECT_TRUE(text.str().ends_with("login failed: 980 lines were left out\nlogin failed: 192.0.2.2\n"));
}

TEST(HttpLimitedLogTest, OneLineIsOneLine) {
  std::ostringstream text;
  LimitedLog log(text);
  log.line("x", "a\nb\x1b[2J" + std::string(10'000, 'c'), start);
  const std::string line = text.str();
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
  EXPECT_EQ(line.find('\x1b'), std::string::npos);
  EXPECT_LT(line.size(), 500U);
}

}  // namespace
}  // namespace connector::http
