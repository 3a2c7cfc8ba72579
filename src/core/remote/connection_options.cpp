#include "core/remote/connection_options.hpp"

#include <charconv>

namespace connector::core {

std::string option(const ConnectionOptions& options, std::string_view name) {
  const auto found = options.find(name);
  return found == options.end() ? std::string() : found->second;
}

int number_option(const ConnectionOptions& options, std::string_view name, int if_absent) {
  const std::string text = option(options, name);
  int value = if_absent;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace connector::core
