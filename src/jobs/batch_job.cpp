#include "jobs/batch_job.hpp"

#include <optional>
#include <utility>
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

namespace connector::jobs {

namespace {

using shmem::JobEnd;

/// As the owner of the batch owned them when they were filled: somebody else's may have their names by now.
std::vector<ImportedTable> batch_tables(const std::vector<store::BatchImport>& imports, Oid owner) {
  std::vector<ImportedTable> tables;
  for (const store::BatchImport& import : imports) {
    ImportedTable& table = tables.emplace_back(read_references(import.references));
    table.local_schema = import.schema;
    table.local_table = import.table;
    table.owner = owner;
  }
  return tables;
}

/// Records what could not be done, and that the table has got its foreign keys: others still refer to it.
void settle(const std::string& import, ImportedTable table, const std::string& problem) {
  if (!problem.empty()) store::save_problem(import, problem);
  table.keys.clear();
  store::save_references(import, references_text(table));
}

std::string none_was_added(const store::Failure& failure) {
  return "no foreign key was added: " + failure.message;
}

void settle_all(const std::vector<store::BatchImport>& imports, const store::Failure& failure) {
  for (const store::BatchImport& import : imports) {
    ImportedTable table = read_references(import.references);
    if (!table.keys.empty()) settle(import.id, std::move(table), none_was_added(failure));
  }
}

/// The end of a batch whose run this session has locked.
class BatchEnd {
 public:
  BatchEnd(const std::string& id, Oid owner, Commit commit)
      : id_(id),
        owner_(owner),
        caller_(GetUserId()),
        commit_(commit),
        imports_(store::batch_imports(id)),
        tables_(batch_tables(imports_, owner)) {}

  /// A transaction for each table: the locks of thousands would not fit, and nobody waits for all of them. False if
  /// somebody else has taken over.
  bool add_foreign_keys() {
    for (std::size_t i = 0; i < tables_.size() && !cancelled_; ++i) {
      if (!tables_[i].keys.empty() && !add_keys_of(i)) return false;
    }
    return true;
  }

  void finish() {
    pg::in_subtransaction([&] {
      if (!store::lock_ready_batch(id_)) return;
      if (cancelled_) settle_all(store::batch_imports(id_), failure_of(*cancelled_));
      store::end_batch(id_, settings::current().keep_runs);
    });
    commit_();
  }

  const std::optional<pg::PgError>& cancelled() const noexcept { return cancelled_; }

 private:
  bool add_keys_of(std::size_t i) {
    WorkEnd end = do_work(owner_, [&] {
      std::vector<std::string> problems;
      {
        const pg::ActAs restricted(owner_, pg::flags_for_code_of(owner_, caller_));
        pg::with_system_path([&] {
          problems = jobs::add_foreign_keys(tables_[i], tables_);
          fire_deferred_triggers();
        });
      }
      settle(imports_[i].id, tables_[i], core::joined(problems, "\n"));
    });
    if (end.failure) {
      pg::in_subtransaction([&] { settle(imports_[i].id, tables_[i], none_was_added(*end.failure)); });
    }
    try {
      commit_();
    } catch (const pg::PgError& error) {
      if (error.is_cancel()) end.cancelled = error;
      // This session's locks went with the transaction.
      if (!try_lock_run(id_, LockLife::session)) return false;
      pg::in_subtransaction([&] { settle(imports_[i].id, tables_[i], none_was_added(failure_of(error))); });
      commit_();
    }
    cancelled_ = std::move(end.cancelled);
    return true;
  }

  const std::string& id_;
  Oid owner_;
  Oid caller_;
  Commit commit_;
  std::vector<store::BatchImport> imports_;
  std::vector<ImportedTable> tables_;
  std::optional<pg::PgError> cancelled_;
};

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
  RunProgress progress(shmem::JobKind::batch, id, *owner, InvalidOid, {});
  progress.phase(load::RunPhase::indexing);
  BatchEnd end(id, *owner, commit);
  commit();
  if (end.add_foreign_keys()) end.finish();
  release_runs();
  return {JobEnd::done, end.cancelled(), true};
}

void end_lost_batch(const std::string& id, const store::Failure& failure) {
  if (!try_lock_run(id, LockLife::transaction) || !store::lock_ready_batch(id)) return;
  settle_all(store::batch_imports(id), failure);
  store::end_batch(id, settings::current().keep_runs);
}

}  // namespace connector::jobs
