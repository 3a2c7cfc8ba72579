// How the process of a provider that does not run in PostgreSQL's own is started, and what it may use.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace connector::core {

struct ReaderRules {
  std::string program;                     ///< absolute path
  std::vector<std::string> environment{};  ///< NAME=value, beside what every such process gets
  std::size_t memory_bytes = 0;            ///< of memory in use; 0 = no limit
  /// A file in which each process holds a lock as long as it lives: how many there are is counted so. Empty = they are
  /// not counted.
  std::string places_file{};
  int most_processes = 0;  ///< of all that use the file; 0 = no limit
  int most_of_role = 0;    ///< of them with this `role`; 0 = no limit
  std::uint32_t role = 0;
};

}  // namespace connector::core
