// The row of a join that a CustomScan makes: the columns of the outer plan, and behind them those of the inner one.
#pragma once

#include "pg/postgres.hpp"

extern "C" {
#include "nodes/pathnodes.h"
#include "nodes/plannodes.h"
}

namespace connector::fdw {

/// From PostgreSQL 16 on a column says by which outer joins it may have become NULL. The planner finds a column in the
/// row only in the form in which the row has it, so there must be one form only of each. Whether that is so.
bool has_one_form(const RelOptInfo* join);

/// The row type, whose columns have the form in which what stands above the join wants them.
List* joined_row(const RelOptInfo* join, const List* outer_targets, const List* inner_targets);

/// A copy of an expression (or of a list of such) over columns of the row, in the row's forms.
Node* over_joined_row(const List* row, const Node* expression);

}  // namespace connector::fdw
