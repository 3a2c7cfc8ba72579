#include "jobs/import_run.hpp"

#include "core/base/error.hpp"
#include "pg/notice.hpp"
#include "pg/text.hpp"

namespace connector::jobs {

using load::NameChoice;
using pg::PgError;

PgError numbered(const PgError& error, std::string_view provider) {
  if (error.is_cancel()) return error;
  pg::ErrorFields fields = error.fields();
  const std::string where = "Provider " + std::string(provider) + ", phase load.\nConnector error " +
                            std::to_string(static_cast<int>(core::ErrorNumber::cannot_load)) + ".";
  fields.detail = fields.detail ? *fields.detail + "\n" + where : where;
  return PgError(std::move(fields));
}

ImportRun import_table(Request& request, const load::TargetSchema& schema, Oid caller, load::Progress& progress) {
  ImportRun run{schema, {}, {}, std::chrono::steady_clock::now()};
  const std::string wanted = load::wanted_table_name(request.spec());
  run.target = load::choose_table_name(schema, wanted, request.spec().collision_strategy);
  if (run.target.outcome == NameChoice::Outcome::skip) {
    pg::notice("relation \"" + wanted + "\" already exists, the import is skipped");
    return run;
  }
  progress.phase(load::RunPhase::connecting);
  const load::Run load_run = request.run(caller, progress);
  try {
    run.result = load::run_import(load_run, schema, run.target);
  } catch (const PgError& error) {
    throw numbered(error, request.spec().provider);
  }
  // Event triggers may have renamed or moved it.
  const load::TableName name = load::table_name(run.result.table);
  run.target.name = name.name;
  run.schema.name = name.schema;
  return run;
}

}  // namespace connector::jobs
