// Asynchronous execution: what an Append of PostgreSQL's asks of a foreign scan that it does not want to wait for.
//
// The Append asks for one row of each scan. A scan that has none says so, and the Append waits for one descriptor of
// each of these scans together, and comes back to those whose descriptor was readable (nodeAppend.c, execAsync.c).
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/execnodes.h"
#include "nodes/pathnodes.h"
}

namespace connector::fdw {

class Scan;

/// Called through pg::enter(). Scans that begin again and again with other values are not asynchronous: each time the
/// Append would first wait for the answers that are on their way (ExecReScanAppend() of minor versions that wait for
/// all pending requests), where a LIMIT or EXISTS may have wanted one row of one of them.
bool can_be_async(const ForeignPath* path);

/// The callbacks of FdwRoutine.
void request_row(AsyncRequest* request);
void configure_wait(AsyncRequest* request);
void notify_scan(AsyncRequest* request);

}  // namespace connector::fdw
