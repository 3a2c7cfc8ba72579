// Making syncs: what cdb_sync_connector() and cdb_import_tables() have in common.
#pragma once

#include "pg/postgres.hpp"

#include <chrono>
#include <optional>
#include <string>

#include "core/request/connector_spec.hpp"
#include "core/request/masked_connector.hpp"
#include "load/table/target_table.hpp"
#include "store/sync_names.hpp"

namespace connector::api {

/// Throws core::Error (too_many_concurrent) if the current role may not have so many syncs more.
void check_number_of_syncs(int more);

/// Where the first run is to make the table. Throws core::Error (invalid_parameters) for temporary tables.
load::TargetSchema sync_schema(const core::ConnectorSpec& spec);

/// The current role's syncs into a table.
struct SyncsInto {
  std::optional<store::SameTarget> same;  ///< the oldest one that reads what the request reads
  bool any = false;
};
/// `schema` is in the database's encoding, `table` the wanted name in UTF-8.
SyncsInto find_syncs_into(const core::ConnectorSpec& spec, const std::string& schema, const std::string& table);

struct NewSyncIds {
  std::string id;
  std::string item_queue_id;  ///< of the first run
};
/// Makes a sync of the current role. The caller has made sure of its name (UTF-8), and of their number. `batch_id` is
/// the uuid of the call that makes many.
NewSyncIds create_sync(const core::ConnectorSpec& spec, const core::StoredRequest& request,
                       const load::TargetSchema& schema, std::string name,
                       std::optional<std::chrono::seconds> asked_interval,
                       const std::optional<std::string>& batch_id = std::nullopt);

/// Tells the current role if its syncs do not run by themselves.
void tell_no_scheduler();

}  // namespace connector::api
