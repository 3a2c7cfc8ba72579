// The extension's own tables, read and written as the extension's owner.
#pragma once

#include "pg/postgres.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace connector::load {

/// What connector.role_limits says of a role and provider; a row for the role wins over one for all roles, and one for
/// the provider over one for all providers.
struct RoleLimits {
  bool enabled = true;
  std::int64_t max_rows = 0;  ///< 0 = none
};
RoleLimits role_limits(Oid role, std::string_view provider);

/// A finished import, to be remembered in connector.import. Texts are UTF-8.
struct ImportRecord {
  std::string item_queue_id;
  std::string provider;
  std::string request;  ///< masked JSON
  std::string state;
  std::string schema;
  std::optional<std::string> table_name;
  std::optional<int> error_code;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::string result;  ///< JSON
};

/// Adds the record for the current role and forgets all but its newest `keep` ones.
void record_import(const ImportRecord& record, int keep);

/// A random UUID, as text.
std::string new_uuid();

/// A `uuid` Datum as text.
std::string uuid_text(Datum uuid);

/// Takes one of the `limit` places that a role has for imports running at the same time, until the end of the
/// transaction. Throws core::Error (too_many_concurrent). 0 means no limit.
void take_import_slot(Oid role, int limit);

}  // namespace connector::load
