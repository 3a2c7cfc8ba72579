// The command line.
#pragma once

#include <string_view>

#include "http/database/database.hpp"
#include "http/program/usage_error.hpp"
#include "http/server/settings.hpp"

namespace connector::http {

struct Options {
  Settings settings;
  Database database;
  bool help = false;
  bool version = false;
};

/// Throws UsageError for what is no option or has no such value, and std::runtime_error if a file can't be read.
Options read_options(int count, char** arguments);

/// What --help shows.
std::string_view help_text() noexcept;

std::string_view version_text() noexcept;

}  // namespace connector::http
