#include "jobs/import_without_source.hpp"

#include <algorithm>

#include "core/base/error.hpp"
#include "jobs/conclusion.hpp"
#include "jobs/foreign_server.hpp"
#include "jobs/import_end.hpp"
#include "jobs/import_job.hpp"
#include "load/table/target_table.hpp"
#include "pg/spi.hpp"
#include "pg/uuid.hpp"
#include "reader/providers.hpp"
#include "settings/settings.hpp"
#include "store/imports.hpp"
#include "store/role_limits.hpp"

namespace connector::jobs {

namespace {

void check_has_provider() {
  const bool has_one = std::ranges::any_of(providers().all(), [](const core::KnownProvider& known) {
    return known.provider != nullptr && settings::provider_is_enabled(known.id) &&
           store::role_limits(GetUserId(), known.id).enabled;
  });
  if (has_one) return;
  throw core::Error(core::ErrorNumber::connectors_disabled, "no provider is enabled for this role", {},
                    "Ask an administrator to change connector.enabled_providers or connector.role_limits.");
}

/// The right to give a connection in a request, or to use some server.
void check_has_connection() {
  const bool has_server = pg::any_catalog_row(
      "SELECT FROM pg_foreign_server s WHERE s.srvfdw = $1 AND has_server_privilege(s.oid, 'USAGE') LIMIT 1",
      wrapper_oid());
  if (!has_server) check_wrapper_usage();
}

}  // namespace

std::string import_without_source() {
  check_can_import_in_background();
  check_has_provider();
  check_has_connection();
  store::QueuedImport import;
  import.id = pg::new_uuid();
  import.owner = GetUserId();
  import.request.masked = "{}";
  import.schema = load::find_target_schema(std::nullopt).name;
  const core::Error error(
      core::ErrorNumber::invalid_parameters, "the request has no connector", {},
      "Give \"connector\": an object with the provider, its connection, and what is to be imported.");
  fail_import(import, failure_of(error), settings::current().keep_runs);
  store::conclude_import(import.id);
  return import.id;
}

}  // namespace connector::jobs
