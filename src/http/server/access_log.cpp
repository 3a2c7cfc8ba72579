#include "http/server/access_log.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <iostream>

#include "core/base/utf8.hpp"

namespace connector::http {

namespace {

std::string iso_time(std::chrono::system_clock::time_point now) {
  const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const std::time_t seconds = since / 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text;
  const std::size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  const std::string fraction = std::to_string(since % 1000);
  return std::string(text.data(), length) + '.' + std::string(3 - fraction.size(), '0') + fraction + 'Z';
}

/// One word of the line: a role's name may be anything.
std::string word(std::string_view text) {
  if (text.empty()) return "-";
  std::string shown = core::shown_text(text);
  std::string without_blanks;
  for (const char c : shown) {
    if (c == ' ') {
      without_blanks += "\\x20";
    } else {
      without_blanks += c;
    }
  }
  return without_blanks;
}

}  // namespace

std::string access_line(const AccessEntry& entry, std::chrono::system_clock::time_point now,
                        std::chrono::milliseconds taken) {
  return iso_time(now) + ' ' + word(entry.address) + ' ' + word(entry.user) + ' ' + word(entry.method) + ' ' +
         word(entry.route) + ' ' + std::to_string(entry.status) + ' ' + std::to_string(taken.count()) + ' ' +
         std::to_string(entry.bytes);
}

void log_access(const AccessEntry& entry) {
  std::cout << access_line(entry, std::chrono::system_clock::now(),
                           std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - entry.begun)) +
                   '\n'
            << std::flush;
}

}  // namespace connector::http
