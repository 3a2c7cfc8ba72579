// The program's log, for lines that somebody outside can cause: so many of each kind, and no more.
#pragma once

#include <cstdint>
#include <map>
#include <ostream>
#include <string>
#include <string_view>

#include "http/database/token_buckets.hpp"

namespace connector::http {

class LimitedLog {
 public:
  explicit LimitedLog(std::ostream& stream) : stream_(stream), lines_(20, std::chrono::seconds(3), 100) {}

  /// Writes `kind: text`, unless there were 20 lines of that kind within the last minute; then it counts what it leaves
  /// out. `kind` is one of the program's own words. Control characters of the text are shown, and at most 400 bytes.
  void line(const std::string& kind, std::string_view text, Clock::time_point now = Clock::now());

 private:
  std::ostream& stream_;
  TokenBuckets lines_;                             // by kind
  std::map<std::string, std::uint64_t> left_out_;  // likewise
};

/// The one of standard error.
LimitedLog& limited_log();

}  // namespace connector::http
