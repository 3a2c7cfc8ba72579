#include "http/database/sql_failure.hpp"

#include <charconv>
#include <string_view>

namespace connector::http {

int connector_error_number(const std::string& detail) noexcept {
  constexpr std::string_view begin = "Connector error ";
  const std::size_t line_break = detail.rfind('\n');
  const std::string_view line = std::string_view(detail).substr(line_break == std::string::npos ? 0 : line_break + 1);
  if (!line.starts_with(begin)) return 0;
  int number = 0;
  const char* digits = line.data() + begin.size();
  const char* end = line.data() + line.size();
  const auto [rest, error] = std::from_chars(digits, end, number);
  return error == std::errc() && rest + 1 == end && *rest == '.' ? number : 0;
}

}  // namespace connector::http
