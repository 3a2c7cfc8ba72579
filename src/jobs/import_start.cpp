#include "jobs/import_start.hpp"

#include <algorithm>
#include <cstring>
#include <map>
#include <vector>

#include "pg/entry.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/worker.hpp"
#include "settings/settings.hpp"

extern "C" {
#include "access/xact.h"
#include "postmaster/bgworker.h"
}

namespace connector::jobs {

namespace {

static_assert(sizeof(ImportStart) <= BGW_EXTRALEN);

struct Queued {
  std::string id;
  Oid role;
};

/// Imports queued by this transaction. Per process, as a transaction is: PostgreSQL calls what starts them at its end.
std::vector<Queued>& queued() {
  static auto* const imports = new std::vector<Queued>;
  return *imports;
}

/// Still in the transaction: a worker that can't be started is no reason to fail, but to say so.
void start_queued() {
  // As many as the role may have at the same time: each goes on with what is left when it has done its own.
  const int limit = settings::current().max_imports_per_role;
  std::map<Oid, int> started;
  bool full = false;
  for (const auto& [id, role] : queued()) {
    if (full || (limit > 0 && started[role] >= limit)) continue;
    ImportStart start{MyDatabaseId, role, GetTopTransactionIdIfAny(), {}};
    std::strncpy(start.id, id.c_str(), sizeof start.id - 1);
    BackgroundWorkerHandle* handle =
        pg::start_worker({"connector_import_main", "connector import " + id, "connector worker", 0,
                          std::string(reinterpret_cast<const char*>(&start), sizeof start)});
    full = handle == nullptr;
    if (handle == nullptr) continue;
    pfree(handle);
    ++started[role];
  }
  const bool any_waits = std::ranges::any_of(queued(), [&](const Queued& import) { return started[import.role] == 0; });
  if (any_waits) {
    pg::warning("no worker process is free for the import",
                "It stays queued until CALL cdb_run_due_syncs(). You might need to increase max_worker_processes.");
  }
  queued().clear();
}

void on_transaction_end(XactEvent event, void*) {
  if (event == XACT_EVENT_PRE_COMMIT && !queued().empty()) {
    pg::enter([] { start_queued(); });
  } else if (event == XACT_EVENT_ABORT || event == XACT_EVENT_PRE_PREPARE) {
    queued().clear();
  }
}

}  // namespace

void start_import_at_commit(const std::string& id) {
  static bool registered = false;
  if (!registered) {
    pg::guard([] { RegisterXactCallback(on_transaction_end, nullptr); });
    registered = true;
  }
  queued().push_back({id, GetUserId()});
}

}  // namespace connector::jobs
