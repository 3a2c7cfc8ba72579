// Deferrable constraints, checked at the end of each statement for the length of a refresh.
//
// An event that waits for the commit would fire after the run has been recorded as a success, as whoever commits; and
// PostgreSQL refuses to queue it at all in a security-restricted operation.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "load/table/target.hpp"

namespace connector::load {

class ImmediateConstraints {
 public:
  /// Makes the deferrable constraints immediate of the table, of those that refer to it by foreign keys, directly or
  /// not, and of their partitions and children: by name, never all of the transaction's. Throws core::Error
  /// (cannot_load) if events of the caller wait for one of them: they belong to his commit. After an exception the
  /// abort of the (sub)transaction makes the constraints what they were.
  explicit ImmediateConstraints(const RefreshTarget& target);

  /// Makes those that are declared INITIALLY DEFERRED deferred again. (What SET CONSTRAINTS said of them before, in
  /// this transaction, PostgreSQL does not tell.)
  void put_back();

 private:
  struct Constraint {
    Oid owner;        ///< of the table that has it: he may use its schema
    std::string sql;  ///< schema.name, quoted
    bool deferred;    ///< INITIALLY DEFERRED, and SET CONSTRAINTS … DEFERRED accepts the name
  };
  static void set(const Constraint& constraint, const char* when);

  std::vector<Constraint> constraints_;
};

}  // namespace connector::load
