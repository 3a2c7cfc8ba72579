// What DML is to do to a table, and did.
#pragma once

#include <cstdint>

namespace connector::load {

/// What becomes of rows of the table that are not in the staging table.
enum class MissingRows { deleted, kept };

struct Applied {
  std::uint64_t inserted = 0;
  std::uint64_t updated = 0;
  std::uint64_t deleted = 0;
  /// False if rows were left as they are: others changed them after they were compared, or a trigger said so.
  bool complete = true;
};

}  // namespace connector::load
