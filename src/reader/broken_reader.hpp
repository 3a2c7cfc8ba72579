// The error for a reader process that sends what none of this build sends: its driver has destroyed its memory, or
// somebody else has taken it over.
#pragma once

#include <string>
#include <string_view>

#include "core/base/error.hpp"

namespace connector::reader {

/// `what` is no sentence: "a row ends in its middle".
inline core::Error broken_reader(std::string_view what) {
  return {core::ErrorNumber::cannot_read, "the reader process sent what it should not: " + std::string(what),
          "A driver that overwrites memory or file descriptors of its process does that.",
          "Look for another version of the driver, and report this to its vendor."};
}

}  // namespace connector::reader
