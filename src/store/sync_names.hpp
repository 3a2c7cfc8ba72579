// Syncs by their names, and by what they fill. Access as in syncs.hpp.
#pragma once

#include "pg/postgres.hpp"

#include <string>
#include <vector>

#include "core/request/masked_connector.hpp"
#include "pg/spi.hpp"

namespace connector::store {

struct NamedSync {
  std::string id;  ///< uuid
  Oid owner;       ///< the table's owner once there is one
};

/// Syncs of this name (UTF-8), whosever they are.
std::vector<NamedSync> syncs_named(const std::string& name, pg::Sees sees = pg::Sees::present);

struct SameTarget {
  std::string id;    ///< uuid
  std::string name;  ///< UTF-8
  core::StoredRequest request;
};

/// The role's syncs that are to fill a table of this name (UTF-8) in this schema (in the database's encoding), but for
/// those whose table was dropped.
std::vector<SameTarget> syncs_into(Oid role, const std::string& target_schema, const std::string& target_table);

}  // namespace connector::store
