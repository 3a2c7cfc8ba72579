// What a live run reads and fills, in words that other sessions can read: its status entry (progress.hpp) has room for
// numbers only, and its rows in tables are not committed yet.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace connector::jobs {

/// UTF-8.
struct LiveTexts {
  std::string server;
  std::string source;
  std::string schema;
  std::string table;
};

/// Writes the texts to this process's segment of dynamic shared memory, which is made at the first call and lives as
/// long as the process. Returns the segment's handle; 0 if there is none to be had. Needs a transaction.
std::uint32_t publish_live_texts(const LiveTexts& texts);

/// The texts of process `pid`, whose handle is given; nothing if they are gone, or are just being written.
std::optional<LiveTexts> read_live_texts(std::uint32_t handle, int pid);

}  // namespace connector::jobs
