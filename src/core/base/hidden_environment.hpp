// Keeps the server's environment from a client library.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace connector::core {

/// While it lives, these variables are not in the environment.
class HiddenEnvironment {
 public:
  explicit HiddenEnvironment(std::span<const char* const> names);
  ~HiddenEnvironment();
  HiddenEnvironment(const HiddenEnvironment&) = delete;
  HiddenEnvironment& operator=(const HiddenEnvironment&) = delete;

 private:
  std::vector<std::pair<std::string, std::string>> variables_;
};

}  // namespace connector::core
