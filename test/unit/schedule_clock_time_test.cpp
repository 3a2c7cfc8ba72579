#include "core/schedule/clock_time.hpp"

#include <gtest/gtest.h>

namespace connector::schedule {
namespace {

using namespace std::chrono_literals;

TEST(ClockTime, Reads) {
  EXPECT_EQ(parse_clock_time("02:00"), (ClockTime{2h, ""}));
  EXPECT_EQ(parse_clock_time("2:05"), (ClockTime{2h + 5min, ""}));
  EXPECT_EQ(parse_clock_time(" 23:59:59  Europe/Berlin "), (ClockTime{23h + 59min + 59s, "Europe/Berlin"}));
  EXPECT_EQ(parse_clock_time("00:00 <+02>-02"), (ClockTime{0h, "<+02>-02"}));
}

TEST(ClockTime, RefusesWhatIsNone) {
  for (const char* text : {"",
                           " ",
                           "2",
                           "02",
                           "02:",
                           "02:0",
                           "24:00",
                           "02:60",
                           "02:00:",
                           "02:00:5",
                           "02:00:60",
                           "002:00",
                           "-2:00",
                           "02:00Europe/Berlin",
                           "02:00:30UTC",
                           "02:00+02",
                           "UTC 02:00",
                           "2 am",
                           "02:00:00.5",
                           "now",
                           "02 :00"}) {
    EXPECT_FALSE(parse_clock_time(text)) << text;
  }
}

TEST(ClockTime, IsWrittenAsItIsRead) {
  for (const char* text : {"00:00 UTC", "02:00 Europe/Berlin", "23:59:59 America/New_York", "07:30"}) {
    EXPECT_EQ(clock_time_text(*parse_clock_time(text)), text);
  }
  EXPECT_EQ(clock_time_text({2h + 5s, "UTC"}), "02:00:05 UTC");
}

}  // namespace
}  // namespace connector::schedule
