// The node that hands the rows of a running load to the statement that stores them.
#pragma once

namespace connector::load {

/// Called by _PG_init: from then on calls of connector.incoming_rows() that belong to a load are planned as that node.
void install_incoming_node();

}  // namespace connector::load
