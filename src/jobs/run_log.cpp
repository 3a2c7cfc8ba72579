#include "jobs/run_log.hpp"

#include <string>

#include <nlohmann/json.hpp>

#include "core/base/error.hpp"
#include "core/base/list_text.hpp"
#include "jobs/sync_table.hpp"
#include "core/base/utf8.hpp"
#include "core/request/request_texts.hpp"
#include "load/refresh/schema_change.hpp"
#include "pg/guard.hpp"
#include "pg/notice.hpp"
#include "pg/text.hpp"
#include "settings/settings.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace connector::jobs {

std::string time_text(schedule::Time time) {
  constexpr std::int64_t seconds = (POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * std::int64_t{SECS_PER_DAY};
  const TimestampTz stamp = time.time_since_epoch().count() - seconds * USECS_PER_SEC;
  return pg::guard([=] { return timestamptz_to_str(stamp); });
}

namespace {

using Json = nlohmann::json;

std::string subject(const store::Sync& sync) {
  return "sync " + core::quoted(sync.name, core::max_request_text) + " (" + sync.id + ")";
}

std::string table_text(const std::string& schema, const std::string& table) {
  return core::quoted(schema) + "." + core::quoted(table);
}

std::string table_text(const store::Sync& sync) {
  const TableNames names = table_names(sync);
  return table_text(names.schema, names.table);
}

std::string remote_text(const std::string& provider, const store::RequestTexts& texts) {
  return "Source: " + provider + " server " + core::quoted(texts.server, core::max_request_text) + ", " +
         core::quoted(texts.source, core::max_request_text) + ".";
}

std::string with_line(std::string text, const std::string& line) {
  core::add_item(text, line, "\n");
  return text;
}

bool is_cancel(const store::Failure& failure) {
  return failure.number == static_cast<int>(core::ErrorNumber::cancelled);
}

/// Cancelled runs and denied logins leave the count of failures as it is.
std::string count_text(const store::Failure& failure, const schedule::Schedule& next) {
  if (is_cancel(failure) || failure.next_login) return "This counts as no failure of the sync";
  if (next.retried_times == 1) return "This is the first failure in a row";
  return "This is failure " + std::to_string(next.retried_times) + " in a row";
}

std::string what_comes_next(const store::Sync& sync, const store::Failure& failure, const schedule::Schedule& next) {
  const std::string count = count_text(failure, next);
  if (!next.run_at) return count + "; the sync is not tried again by itself.";
  if (sync.paused) return count + "; the sync is paused.";
  return count + "; the next try is at " + time_text(*next.run_at) + ".";
}

void log_failure(int level, const store::Sync& sync, const std::string& table, const store::Failure& failure,
                 const schedule::Schedule& next) {
  std::string detail = with_line(failure.detail, remote_text(sync.provider, sync.texts));
  detail = with_line(std::move(detail), what_comes_next(sync, failure, next));
  std::string hint = failure.hint;
  if (!next.run_at) {
    core::add_item(hint, "SELECT cdb_sync_now('" + sync.id + "') tries again when the cause is gone.", " ");
  }
  const char* what = !next.run_at ? " failed and gave up: " : is_cancel(failure) ? " was cancelled: " : " failed: ";
  pg::log(level, failure.sqlstate, subject(sync) + " of table " + table + what + failure.message, detail, hint);
}

/// `column "v" of type integer was dropped`
std::string told(const Json& change) {
  using Kind = load::SchemaChange::Kind;
  const std::string name = core::quoted(change.at("name").get<std::string>());
  switch (load::schema_change_words.find(change.at("change").get<std::string>()).value()) {
    case Kind::column_added:
      return "column " + name + " of type " + change.at("to").get<std::string>() + " was added";
    case Kind::column_dropped:
      return "column " + name + " of type " + change.at("from").get<std::string>() + " was dropped";
    case Kind::type_changed:
      return "column " + name + " of type " + change.at("from").get<std::string>() + " became " +
             change.at("to").get<std::string>();
    case Kind::not_null_dropped:
      return "column " + name + " lost NOT NULL";
    case Kind::primary_key_dropped:
      return "primary key " + name + " was dropped";
  }
  return {};
}

}  // namespace

void log_run(const store::Sync& sync, const store::RunRecord& run, const schedule::Schedule& next) {
  const std::optional<int> level = settings::log_level_of_runs();
  if (!level) return;
  const std::string remote = remote_text(sync.provider, sync.texts);
  if (run.failure) {
    log_failure(*level, sync, table_text(sync), *run.failure, next);
    return;
  }
  const Json warnings = run.warnings ? Json::parse(*run.warnings) : Json();
  if (warnings.contains("max_rows_per_connection")) {
    pg::log(*level, {},
            subject(sync) + " of table " + table_text(sync) + " was cut after " + std::to_string(run.rows) +
                (run.rows == 1 ? " row" : " rows"),
            with_line("The source has more rows than the limit.", remote),
            "Ask an administrator to raise connector.max_rows or max_rows in connector.role_limits, or raise "
            "\"max_rows\" of the request.");
  }
  if (run.schema_changes) {
    std::string changes;
    for (const Json& change : Json::parse(*run.schema_changes)) core::add_item(changes, told(change), "; ");
    pg::log(*level, {}, subject(sync) + " of table " + table_text(sync) + " followed a change of the source's columns",
            with_line("In the table " + changes + ".", remote), {});
  }
}

void log_failed_import(const store::QueuedImport& import, const store::Failure& failure) {
  const std::optional<int> level = settings::log_level_of_runs();
  if (!level) return;
  const bool has_source = !import.provider.empty();
  const std::string table =
      has_source ? " of table " + table_text(pg::utf8_text(import.schema), import.texts.target_table) : "";
  pg::log(*level, failure.sqlstate, "import " + import.id + table + " failed: " + failure.message,
          has_source ? with_line(failure.detail, remote_text(import.provider, import.texts)) : failure.detail,
          failure.hint);
}

}  // namespace connector::jobs
