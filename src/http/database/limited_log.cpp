#include "http/database/limited_log.hpp"

#include <iostream>

#include "core/base/utf8.hpp"

namespace connector::http {

namespace {

constexpr std::size_t most_bytes = 400;

}  // namespace

void LimitedLog::line(const std::string& kind, std::string_view text, Clock::time_point now) {
  std::uint64_t& left_out = left_out_[kind];
  if (lines_.take(kind, now) > Clock::duration::zero()) {
    ++left_out;
    return;
  }
  if (left_out > 0) stream_ << kind << ": " << left_out << " lines were left out\n";
  left_out = 0;
  stream_ << kind << ": " << core::shown_text(text, most_bytes) << std::endl;
}

LimitedLog& limited_log() {
  static LimitedLog log(std::clog);
  return log;
}

}  // namespace connector::http
