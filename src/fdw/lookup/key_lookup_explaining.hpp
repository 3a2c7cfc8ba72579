// What EXPLAIN tells of a join that looks keys up.
#pragma once

#include "pg/postgres.hpp"

#include "fdw/lookup/key_lookup.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

struct ExplainState;

namespace connector::fdw {

void explain_lookup(CustomScanState* node, const LookupCounts& counts, List* ancestors, ExplainState* state);

}  // namespace connector::fdw
