#include "core/net/overdue.hpp"

#include <gtest/gtest.h>

namespace connector::core {
namespace {

using std::chrono::seconds;

TEST(Overdue, SaysHowFarTheRunCame) {
  const Error error = overdue_error({"mysql", Phase::fetch, 6000}, seconds(3600), seconds(0));
  EXPECT_EQ(error.number(), ErrorNumber::timed_out);
  EXPECT_EQ(error.message(), "the run took longer than connector.statement_timeout allows");
  EXPECT_EQ(error.detail(), "Provider mysql, phase fetch.\n6000 rows had come.\nConnector error 6667.");
  EXPECT_FALSE(error.permanent());
}

TEST(Overdue, AdviceFitsTheReason) {
  const auto hint = [](Phase phase, std::uint64_t rows, int silence) {
    return overdue_error({"mysql", phase, rows}, seconds(100), seconds(silence)).hint();
  };
  EXPECT_NE(hint(Phase::connect, 0, 90).find("check server, port and network"), std::string::npos);
  EXPECT_NE(hint(Phase::execute, 0, 90).find("first row"), std::string::npos);
  EXPECT_NE(hint(Phase::fetch, 6000, 9).find("max_rows"), std::string::npos) << "slow, but not silent";
  EXPECT_NE(hint(Phase::fetch, 6000, 10).find("stalled"), std::string::npos);
  EXPECT_NE(hint(Phase::load, 6000, 0).find("locks the table"), std::string::npos);
}

TEST(Overdue, TellsTheSilence) {
  const Error error = overdue_error({"mysql", Phase::fetch, 1}, seconds(5), seconds(3));
  EXPECT_EQ(
      error.detail(),
      "Provider mysql, phase fetch.\nOne row had come. The remote server had sent nothing for the last 3 seconds.\n"
      "Connector error 6667.");
}

TEST(Overdue, AWaitWithoutARun) {
  EXPECT_EQ(overdue_error({}, seconds(1), seconds(0)).detail(), "Connector error 6667.");
}

TEST(Silent, SaysHowFarTheRunCame) {
  const Error error = silent_error({"hive", Phase::fetch, 20}, seconds(600));
  EXPECT_EQ(error.number(), ErrorNumber::remote_silent);
  EXPECT_EQ(error.message(), "the remote server has sent nothing for 600 seconds in the middle of its answer");
  EXPECT_EQ(error.detail(), "Provider hive, phase fetch.\n20 rows had come.\nConnector error 6673.");
}

}  // namespace
}  // namespace connector::core
