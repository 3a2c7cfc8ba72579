// What EXPLAIN tells of a foreign scan. No part of it holds a password: the remote's statement has none.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

struct ExplainState;

namespace connector::fdw {

class Scan;

/// VERBOSE: the statement that the remote gets, and the conditions of it that are checked again here. With ANALYZE, of
/// `scan` (null if it was not executed): what came.
void explain(const ForeignScanState* node, const Scan* scan, ExplainState* state);

}  // namespace connector::fdw
