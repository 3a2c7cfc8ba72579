// Rows that exchange unique values. Uniqueness is checked row by row: they have to be led past each other.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>
#include <vector>

#include "load/merge/difference.hpp"

namespace connector::load {

/// Where values go meanwhile.
enum class OutOfTheWay {
  null,   ///< to NULL where that is allowed, else as `below`
  below,  ///< below all values there are, or to random ones where there is no below
  above   ///< above them
};

class UniqueMoves {
 public:
  /// Marks the rows whose values others are to get (`moved`). All arguments outlive this.
  UniqueMoves(const RefreshTarget& target, const Staging& staging, const Difference& difference);

  /// Whether rows collide in an index.
  bool any() const noexcept { return !colliding_.empty(); }

  /// Moves the values of marked rows out of the way. Gives the columns that are to be set afterwards, or nothing if a
  /// column has no value to spare, or others refer to it.
  std::optional<std::vector<std::string>> clear(OutOfTheWay way) const;

  /// Marks the rows to be deleted and inserted again instead.
  void replace() const;

 private:
  struct UniqueIndex {
    bool plain;  ///< only columns, compared by their types' own equality
    bool nulls_collide;
    std::vector<const MergeColumn*> columns;  ///< those of its expressions and condition, too
  };

  std::vector<UniqueIndex> read_indexes() const;
  bool mark(const UniqueIndex& index) const;
  bool is_referenced(const MergeColumn& column) const;
  std::optional<std::string> other_value(const UniqueIndex& index, const MergeColumn& column, OutOfTheWay way) const;
  std::optional<std::string> free_value(const MergeColumn& column, bool below) const;
  std::string limit(const MergeColumn& column, const char* aggregate) const;

  const RefreshTarget& target_;
  const Staging& staging_;
  const Difference& difference_;
  std::vector<AttrNumber> referenced_;
  std::vector<UniqueIndex> colliding_;
};

}  // namespace connector::load
