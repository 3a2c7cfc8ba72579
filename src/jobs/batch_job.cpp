#include "jobs/batch_job.hpp"

#include <map>
#include <optional>
#include <vector>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "jobs/foreign_keys.hpp"
#include "jobs/progress.hpp"
#include "jobs/run_lock.hpp"
#include "load/read/progress.hpp"
#include "pg/guard.hpp"
#include "pg/identity.hpp"
#include "pg/setting.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "settings/settings.hpp"
#include "shmem/shared.hpp"
#include "store/import_batches.hpp"

extern "C" {
#include "catalog/namespace.h"
#include "utils/lsyscache.h"
}

namespace connector::jobs {

namespace {

using shmem::JobEnd;

/// Problems by the import whose table has them.
using Problems = std::map<std::string, std::string>;

void locate(ImportedTable& table, const store::BatchImport& import) {
  pg::guard([&] {
    table.schema = get_namespace_oid(import.schema.c_str(), true);
    if (OidIsValid(table.schema)) table.table = get_relname_relid(import.table.c_str(), table.schema);
  });
}

/// As the owner of the batch, who owned the tables when they were filled: somebody else's may have their names by now.
Problems add_all(Oid owner, Oid caller, const std::vector<store::BatchImport>& imports) {
  std::vector<ImportedTable> tables;
  for (const store::BatchImport& import : imports) {
    tables.push_back(read_references(import.references));
    locate(tables.back(), import);
    tables.back().owner = owner;
  }
  Problems problems;
  const pg::ActAs restricted(owner, pg::flags_for_code_of(owner, caller));
  pg::with_system_path([&] {
    for (std::size_t i = 0; i < tables.size(); ++i) {
      // Somebody may have dropped it meanwhile.
      if (!OidIsValid(tables[i].table)) continue;
      const std::vector<std::string> found = add_foreign_keys(tables[i], tables);
      if (!found.empty()) problems[imports[i].id] = core::joined(found, "\n");
    }
    fire_deferred_triggers();
  });
  return problems;
}

/// For each import that has foreign keys.
Problems same_for_all(const std::vector<store::BatchImport>& imports, const store::Failure& failure) {
  const std::string problem = "no foreign key was added: " + failure.message;
  Problems problems;
  for (const store::BatchImport& import : imports) {
    if (!read_references(import.references).keys.empty()) problems[import.id] = problem;
  }
  return problems;
}

void end(const std::string& id, const Problems& problems) {
  for (const auto& [import, problem] : problems) store::save_problem(import, problem);
  store::end_batch(id, settings::current().keep_runs);
}

}  // namespace

Attempt attempt_batch(const std::string& id, Commit commit) {
  std::optional<Oid> owner;
  pg::in_subtransaction([&] {
    if (try_lock_run(id, LockLife::session)) owner = store::lock_ready_batch(id);
  });
  if (!owner) {
    commit();
    release_runs();
    // Also where only its row is locked: the scheduler would try again at once.
    return {JobEnd::busy, {}};
  }
  const Oid caller = GetUserId();
  const std::vector<store::BatchImport> imports = store::batch_imports(id);
  RunProgress progress(shmem::JobKind::batch, id, *owner, InvalidOid, {});
  progress.phase(load::RunPhase::indexing);
  WorkEnd work = do_work([&] { end(id, add_all(*owner, caller, imports)); });
  if (work.failure) {
    pg::in_subtransaction([&] { end(id, same_for_all(imports, *work.failure)); });
  }
  try {
    commit();
  } catch (const pg::PgError& error) {
    if (error.is_cancel()) work.cancelled = error;
    pg::in_subtransaction([&] { end_lost_batch(id, failure_of(error)); });
    commit();
  }
  release_runs();
  return {JobEnd::done, work.cancelled, true};
}

void end_lost_batch(const std::string& id, const store::Failure& failure) {
  if (!try_lock_run(id, LockLife::transaction) || !store::lock_ready_batch(id)) return;
  end(id, same_for_all(store::batch_imports(id), failure));
}

}  // namespace connector::jobs
