#include "jobs/import_end.hpp"

#include "jobs/run_lock.hpp"
#include "jobs/conclusion.hpp"
#include "jobs/run_log.hpp"
#include "pg/identity.hpp"
#include "pg/text.hpp"

namespace connector::jobs {

void fail_import(const store::QueuedImport& import, const store::Failure& failure, int keep) {
  store::ImportRecord record;
  record.item_queue_id = import.id;
  record.provider = import.provider;
  record.request = import.request.masked;
  record.state = store::ImportState::failure;
  record.schema = pg::utf8_text(import.schema);
  record.texts = import.texts;
  record.error_code = failure.number;
  record.failure = failure;
  const pg::ActAs owner(import.owner, SECURITY_LOCAL_USERID_CHANGE);
  store::record_import(record, keep);
  log_failed_import(import, failure);
}

void end_lost_imports(int keep) {
  for (const std::string& id : store::begun_imports()) {
    if (!jobs::try_lock_run(id, jobs::LockLife::transaction)) continue;
    const std::optional<store::QueuedImport> import = store::lock_begun_import(id);
    if (!import) continue;
    fail_import(*import, jobs::lost_run("The request can be sent again."), keep);
    store::conclude_import(id);
  }
}

}  // namespace connector::jobs
