// What is wrong with a command line.
#pragma once

#include <stdexcept>

namespace connector::http {

/// A wrong use of the program: one line for the user, without any part of a password.
struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace connector::http
