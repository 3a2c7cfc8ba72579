// connector.incoming_rows(), which nobody can call.
#include "core/base/error.hpp"
#include "pg/entry.hpp"

/// What is executed where the planner has not exchanged the call for the node that hands out rows
/// (load/stream/incoming_node.hpp): anywhere but in the statement of a running load.
CONNECTOR_FUNCTION(connector_incoming_rows) {
  throw connector::core::Error(connector::core::ErrorNumber::invalid_parameters,
                               "connector.incoming_rows() can't be called",
                               "It stands for the rows of an import in the one statement that stores them.",
                               "Read tables by cdb_import_connector(), or by a foreign table.");
}
