// A table that its own code must not change while its new contents are made.
//
// The weak lock of a refresh keeps other sessions from altering the table, but not this one, and this one runs code of
// the table's owner: functions in checks, defaults, index expressions. PostgreSQL refuses most changes of a table that
// the session holds open; what it does not refuse (CREATE INDEX, a rename, DROP FUNCTION … CASCADE) is found by
// comparing.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

extern "C" {
#include "access/tupdesc.h"
#include "utils/relcache.h"
}

namespace connector::load {

class HeldTable {
 public:
  /// Opens a table that is locked, and remembers what it is. What it allocates lives in the current memory context.
  explicit HeldTable(Oid table);

  /// Between these two, commands of ours that an open reference would refuse can run. After an exception the abort of
  /// the (sub)transaction closes the table.
  void let_go();
  void hold();

  /// Throws core::Error (cannot_load) if the table, its columns, rules for rows or indexes are not those that were
  /// remembered. The table must be held.
  void check_unchanged() const;

  /// Throws like check_unchanged() if rows of `heap` can't be rows of the table as it is now, or if one of `indexes` is
  /// not what was remembered: after an ALTER TABLE of ours. The table must be held.
  void check_fits(Oid heap, const std::vector<Oid>& indexes) const;

 private:
  struct IndexFacts {
    Oid oid;
    Oid file;
    std::string definition;  ///< its pg_index row, as stored
    bool operator==(const IndexFacts&) const = default;
  };
  struct Facts {
    std::string name;
    Oid schema = InvalidOid;
    Oid owner = InvalidOid;
    Oid file = InvalidOid;
    Oid tablespace = InvalidOid;
    Oid toast = InvalidOid;
    Oid method = InvalidOid;
    char persistence = 0;
    char kind = 0;
    bool operator==(const Facts&) const = default;
  };
  Facts facts() const;
  std::vector<IndexFacts> indexes() const;
  [[noreturn]] void changed(const char* what) const;

  Oid oid_;
  Relation relation_ = nullptr;
  Facts facts_;
  TupleDesc descriptor_ = nullptr;  ///< with defaults and constraints
  std::vector<IndexFacts> indexes_;
};

}  // namespace connector::load
