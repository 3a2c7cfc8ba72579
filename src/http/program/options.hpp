// The command line.
#pragma once

#include <string>
#include <string_view>

#include "http/server/settings.hpp"

namespace connector::http {

struct Options {
  Settings settings;
  std::string conninfo;
  bool help = false;
  bool version = false;
};

/// Throws std::runtime_error, with a message for the user, for what is no option or has no such value.
Options read_options(int count, char** arguments);

/// What --help shows.
std::string_view help_text() noexcept;

std::string_view version_text() noexcept;

}  // namespace connector::http
