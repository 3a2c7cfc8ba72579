// What EXPLAIN tells of a join that looks keys up.
#pragma once

#include "pg/postgres.hpp"

#include "fdw/key_lookup.hpp"

extern "C" {
#include "commands/explain.h"
#include "nodes/execnodes.h"
}

namespace connector::fdw {

void explain_lookup(CustomScanState* node, const LookupCounts& counts, List* ancestors, ExplainState* state);

}  // namespace connector::fdw
