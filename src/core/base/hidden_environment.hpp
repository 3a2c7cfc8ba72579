// Keeps the server's environment from a client library.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace connector::core {

/// While it lives, these variables are not in the environment. Several of them may live at once and end in any order,
/// as where logins of several connections overlap: a variable is back as soon as the last one that hides it has ended.
class HiddenEnvironment {
 public:
  explicit HiddenEnvironment(std::span<const char* const> names);
  ~HiddenEnvironment();
  HiddenEnvironment(const HiddenEnvironment&) = delete;
  HiddenEnvironment& operator=(const HiddenEnvironment&) = delete;

 private:
  std::vector<std::string> names_;
};

}  // namespace connector::core
