// What the functions of the wrapper, as PostgreSQL calls them, are known by.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace connector::fdw {

/// Whether a relation of the planner's is a foreign table of this wrapper.
bool is_our_table(const RelOptInfo* relation) noexcept;

}  // namespace connector::fdw
