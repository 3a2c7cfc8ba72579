// By which mode the rows of a refresh get into the table, and by which key one row is told from another.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <string_view>
#include <vector>

#include "core/request/connector_spec.hpp"
#include "load/read/plan.hpp"
#include "load/refresh/column_changes.hpp"
#include "load/table/target.hpp"

namespace connector::load {

/// How the rows get into the table.
enum class RefreshMode {
  swap,               ///< new storage is filled and indexed beside the old and exchanged under a short strong lock
  merge,              ///< rows are compared by key, and only differences written, by ordinary DML
  append,             ///< rows beyond the last value of a cursor column are added
  delete_and_insert,  ///< DELETE and INSERT through the executor
  unchanged           ///< nothing, as the remote has not changed
};

constexpr std::string_view refresh_mode_name(RefreshMode mode) noexcept {
  switch (mode) {
    case RefreshMode::swap:
      return "swap";
    case RefreshMode::merge:
      return "merge";
    case RefreshMode::append:
      return "append";
    case RefreshMode::delete_and_insert:
      return "delete and insert";
    case RefreshMode::unchanged:
      return "unchanged";
  }
  return "";
}

/// The key to tell rows apart by: `sync.key` (remote or local names), else the table's primary key, else what foreign
/// keys refer to, if it consists of columns of the plan; indexes into the plan's columns, empty if there is none.
/// Throws core::Error (invalid_parameters) for a key column that the source does not have.
std::vector<std::size_t> refresh_key(const RefreshTarget& target, const core::SyncOptions& options,
                                     const LoadPlan& plan);

/// The error (invalid_parameters) of a merge for which there is no key.
core::Error no_merge_key(const std::string& table);

struct ModeChoice {
  RefreshMode mode;
  std::string reason;  ///< why a replace does not go by swap (UTF-8), else empty
};

/// The mode of a refresh.
ModeChoice choose_mode(const RefreshTarget& target, const core::SyncOptions& options, const ColumnChanges& changes,
                       bool has_key);

}  // namespace connector::load
