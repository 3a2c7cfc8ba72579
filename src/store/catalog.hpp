// The extension's own tables, read and written as the extension's owner.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace connector::store {

/// The owner of the extension, who owns its tables. Throws PgError if the extension is gone.
Oid extension_owner();

/// What connector.role_limits says of a role and provider; a row for the role wins over one for all roles, and one for
/// the provider over one for all providers.
struct RoleLimits {
  bool enabled = true;
  std::int64_t max_rows = 0;     ///< 0 = none
  std::optional<int> max_syncs;  ///< instead of connector.max_syncs_per_role; 0 = may not sync
};
/// Keeps no lock: DROP EXTENSION need not wait for a run that has looked.
RoleLimits role_limits(Oid role, std::string_view provider);

/// An import as it is remembered in connector.import. Texts are UTF-8.
struct ImportRecord {
  std::string item_queue_id;
  std::optional<std::string> synchronization_id;  ///< uuid: it is the first run of this sync
  std::string provider;
  std::string request;  ///< masked JSON
  std::string state;
  std::string schema;
  std::optional<std::string> table_name;
  std::optional<int> error_code;
  std::optional<std::string> error_message;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::optional<std::string> result;  ///< JSON
};

/// Adds a finished import of the current role, or finishes the one that was announced under this id, and forgets all
/// but the role's newest `keep` finished ones. Waits for nobody: throws core::Error (unknown) if another session is
/// just deleting the announced one.
void record_import(const ImportRecord& record, int keep);

/// Announces an import of the current role that is to run later.
void announce_import(const ImportRecord& record);

/// A random UUID, as text.
std::string new_uuid();

/// A `uuid` Datum as text.
std::string uuid_text(Datum uuid);

}  // namespace connector::store
