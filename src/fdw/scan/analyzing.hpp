// ANALYZE of a foreign table.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "foreign/fdwapi.h"
}

namespace connector::fdw {

/// Gives what reads the sample; for every foreign table.
bool analyze(Relation relation, AcquireSampleRowsFunc* function, BlockNumber* pages);

}  // namespace connector::fdw
