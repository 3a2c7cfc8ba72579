// Refreshes by ordinary DML: what differs between the table and the rows that were loaded beside it is applied through
// the executor, so that constraints, triggers, policies, partitions and publications all have their say.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/base/error.hpp"
#include "load/merge/applied.hpp"
#include "load/merge/difference.hpp"
#include "load/table/target.hpp"
#include "load/merge/staging.hpp"
#include "load/stream/incoming_rows.hpp"
#include "pg/guard.hpp"

namespace connector::load {

/// DELETE of all rows, `alter` (may be empty), INSERT of those of the table `rows`, which has these columns: one
/// statement if nothing is to be altered.
Applied apply_delete_and_insert(const RefreshTarget& target, const StagedColumns& columns, const std::string& rows,
                                const std::function<void()>& alter);

/// Throws core::Error (cannot_load) if PostgreSQL would refuse to delete and update rows, as they could not be
/// published.
void check_published(const RefreshTarget& target);

/// Throws core::Error (dependents_in_the_way) if DELETE of all rows would delete or change rows of other tables, whose
/// foreign keys say so, although what they refer to stays.
void check_delete_and_insert(const RefreshTarget& target);

/// Deletes rows whose key is not in the staging table (if `missing` says so), updates those that differ in any bit,
/// inserts those that are missing: one statement, so that foreign keys are checked when all is done. Rows that exchange
/// unique values are led past each other. check_key_values() has been called. Throws core::Error (cannot_load) where
/// that can't be done or two rows have the same key, and PgError. `scope` as Difference has it.
Applied apply_merge(const RefreshTarget& target, const Staging& staging, const LoadPlan& plan,
                    const std::vector<std::size_t>& key, MissingRows missing, const std::string& scope = {});

/// The same where the staging's table of differences was filled already (one_pass.hpp), and the staging table has the
/// rows that it names.
Applied apply_found(const RefreshTarget& target, const Staging& staging, const LoadPlan& plan,
                    const std::vector<std::size_t>& key, const std::string& scope = {});

/// PostgreSQL's error, with what can be done about it. It ends the run as that one would.
core::Error with_hint(const pg::PgError& error, const char* hint);

/// The foreign keys that refer to the table and whose ON DELETE is one of `actions` (letters of
/// pg_constraint.confdeltype), as `constraint of table`; empty if there are none.
std::string foreign_keys(const RefreshTarget& target, const char* actions);

/// Whether a row has values that another one must not share.
bool is_collision(const pg::PgError& error);

/// The error (cannot_load) of rows whose values of the column can't be updated.
core::Error changed_identity(const RefreshTarget& target, const MergeColumn& column, const std::string& detail);

/// INSERT of all rows of the table `rows`, which has these columns.
Applied apply_insert(const RefreshTarget& target, const StagedColumns& columns, const std::string& rows);

/// The same for a sync by append without a key. Throws core::Error (cannot_load), which says that a key helps, if a row
/// is here already.
Applied apply_append(const RefreshTarget& target, const StagedColumns& columns, const std::string& rows);

// The same with rows that are inserted while they arrive. What has_rules() must have a staging table, as a rule may
// read the rows more than once.

/// DELETE of all rows and INSERT: one statement if anything looks at the table when a statement ends.
Applied stream_delete_and_insert(const RefreshTarget& target, const LoadPlan& plan, IncomingRows& rows);

/// Into the table of that name for SQL.
Applied stream_insert(const std::string& table, const LoadPlan& plan, IncomingRows& rows);

/// Of those rows, `s`, for which `condition` is true; its parameters are counted from 2.
Applied stream_append(const RefreshTarget& target, const LoadPlan& plan, IncomingRows& rows,
                      const std::string& condition, const std::vector<pg::SqlParameter>& parameters);

}  // namespace connector::load
