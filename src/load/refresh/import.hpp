// One import, from a connection to a filled, indexed and analysed table.
#pragma once

#include "pg/postgres.hpp"

#include "core/remote/provider.hpp"
#include "load/read/progress.hpp"
#include "load/read/stream.hpp"
#include "load/table/target_table.hpp"

namespace connector::load {

/// Describes, creates (or refreshes) the table `target`, streams the rows into it and finishes it; says with NOTICE and
/// WARNING what is not as in the source. All in the current transaction, as the current role, and restricted unless the
/// session and `caller`, the role that asked for it, are that role.
ImportResult run_import(core::Connection& connection, const core::ConnectorSpec& spec, const TargetSchema& schema,
                        const NameChoice& target, Oid caller, const ImportLimits& limits, core::Wait& wait,
                        Progress& progress);

}  // namespace connector::load
