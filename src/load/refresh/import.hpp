// One import, from a connection to a filled, indexed and analysed table.
#pragma once

#include "pg/postgres.hpp"

#include "load/read/load_result.hpp"
#include "load/read/run.hpp"
#include "load/table/target_table.hpp"

namespace connector::load {

/// Describes, creates (or refreshes) the table `target`, reads the rows into it and finishes it; says with NOTICE and
/// WARNING what is not as in the source. Foreign keys are left to the caller (LoadResult::foreign_keys). All in the
/// current transaction, as the current role, and restricted unless the session and the caller are that role.
LoadResult run_import(const Run& run, const TargetSchema& schema, const NameChoice& target);

}  // namespace connector::load
