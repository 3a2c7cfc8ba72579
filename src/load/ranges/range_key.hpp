// The column of a merge's key by which ranges are told, as it is ordered here and at the remote alike.
#pragma once

#include "pg/postgres.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "core/remote/source.hpp"
#include "load/ranges/range_layout.hpp"
#include "load/read/plan.hpp"
#include "load/table/target.hpp"

namespace connector::load {

class RangeKey {
 public:
  /// Whether values of the column are ordered here as any remote is asked to order them: numbers, dates, timestamps and
  /// uuids of the remote's own type, text by its bytes.
  static bool can_be(const PlannedColumn& column, const RefreshTarget& target);

  /// A column for which can_be() is true.
  explicit RangeKey(const PlannedColumn& column);

  const std::string& name() const noexcept { return name_; }  ///< quoted
  std::size_t remote() const noexcept { return remote_; }     ///< index in SourceDescription::columns
  Oid type() const noexcept { return type_; }                 ///< the local type
  Oid collation() const noexcept { return collation_; }       ///< by which it is ordered
  /// The column as it is ordered; `alias` is that of the table.
  std::string ordered(const std::string& alias) const;
  /// That rows (alias t) lie in one of the blocks, or have NULL for a key if `nulls`. False if there is none of both.
  std::string scope(const std::vector<std::string>& bounds, const std::vector<RangeBlock>& blocks, bool nulls) const;
  /// The same of one block for the remote. The whole of the ranges has no condition: nothing.
  std::optional<core::Expression> condition(const std::vector<std::string>& bounds, const RangeBlock& block) const;

 private:
  std::string literal(const std::string& bound) const;

  std::string name_;
  std::size_t remote_;
  Oid type_;
  Oid collation_;
  std::string type_sql_;
};

/// Keys of the target's rows, of which every `step`-th (at least 1) is taken, by the key's order: each once, without
/// the least and without NULL, as core::Expression has constants. `scope` is a condition on the alias t; empty = all
/// rows.
std::vector<std::string> keys_at_distance(const RefreshTarget& target, const RangeKey& key, const std::string& scope,
                                          std::uint64_t step);

}  // namespace connector::load
