#include "drivers/odbc/secrets.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "drivers/odbc/connection_string.hpp"
#include "drivers/odbc/info.hpp"

namespace connector::odbc {

namespace {

/// Shorter ones may be words that stand in any message.
constexpr std::size_t sure_length = 6;
constexpr std::string_view shown = "***";

void replace_all(std::string& text, const std::string& what, const std::string& by) {
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
}

}  // namespace

Mask mask_of(const core::ConnectionOptions& options) {
  std::vector<std::string> secrets;
  for (const core::ParameterInfo& parameter : info().connection_parameters) {
    if (!parameter.secret) continue;
    const std::string value = core::option(options, parameter.name);
    if (value.empty()) continue;
    secrets.push_back(value);
    secrets.push_back(in_braces(value));
  }
  // One secret may be a part of another.
  std::ranges::sort(secrets, std::ranges::greater(), &std::string::size);
  return [secrets = std::move(secrets)](std::string text) {
    for (const std::string& secret : secrets) {
      if (secret.size() >= sure_length) {
        replace_all(text, secret, std::string(shown));
      } else {
        replace_all(text, '=' + secret, '=' + std::string(shown));
      }
    }
    return text;
  };
}

}  // namespace connector::odbc
