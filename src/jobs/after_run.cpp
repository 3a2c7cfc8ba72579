#include "jobs/after_run.hpp"

#include "core/base/error.hpp"
#include "core/base/utf8.hpp"
#include "jobs/as_owner.hpp"
#include "jobs/stop.hpp"
#include "pg/advisory_locks.hpp"
#include "pg/identity.hpp"
#include "pg/notice.hpp"
#include "pg/one_statement.hpp"
#include "pg/setting.hpp"
#include "pg/spi.hpp"
#include "pg/subtransaction.hpp"
#include "pg/text.hpp"
#include "settings/settings.hpp"

extern "C" {
#include "postmaster/bgworker.h"
#include "tcop/dest.h"
}

namespace connector::jobs {

namespace {

using store::Statement;

/// A statement may run syncs. Their statements don't run in it: two syncs that ask for each other would never end.
bool running = false;

struct Running {
  Running() noexcept { running = true; }
  ~Running() { running = false; }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
};

/// How the text of a statement is read must not depend on whose session reads it.
template <typename Function>
void with_fixed_reading(Function&& function) {
  pg::with_settings({{"standard_conforming_strings", "on"}, {"search_path", "pg_catalog, pg_temp"}},
                    std::forward<Function>(function));
}

core::Error too_long() {
  return core::Error(core::ErrorNumber::timed_out, "the statement took longer than connector.statement_timeout allows");
}

WorkEnd do_statement(const Statement& statement, Transaction transaction) {
  const Oid caller = GetUserId();
  const Running scope;
  const auto work = [&] {
    const pg::ActAs giver(statement.role, pg::flags_for_code_of(statement.role, caller));
    // Settings that the statement makes end with this scope, too.
    with_settings_of(statement.role, [&] {
      with_fixed_reading([&] {
        pg::require_one_statement(statement.sql, "sync." + statement.key);
        pg::query_into(statement.sql, *None_Receiver);
        if (transaction == Transaction::own) fire_deferred_triggers();
      });
    });
  };
  return do_work(statement.role, work, too_long());
}

std::string whole_text(const store::Failure& failure) {
  return failure.detail.empty() ? failure.message : failure.message + '\n' + failure.detail;
}

StatementEnd failed(const Statement& statement, const WorkEnd& end) {
  StatementEnd result;
  result.error = whole_text(*end.failure);
  result.cancelled = end.cancelled;
  store::save_statement_error(statement.run, *result.error);
  return result;
}

/// What is there for everybody else may not be found here.
std::string hint_of(const store::Failure& failure) {
  if (!failure.hint.empty() || (failure.sqlstate != "42P01" && failure.sqlstate != "42883")) return failure.hint;
  return "search_path is pg_catalog, pg_temp here: give names with their schema.";
}

/// To whoever is there, else to the server's log.
void tell(const Statement& statement, const store::Failure& failure) {
  const std::string message = statement.key + " of sync " + core::quoted(pg::utf8_text(statement.sync_name)) + " (" +
                              statement.sync + ") failed: " + failure.message;
  if (MyBgworkerEntry == nullptr) {
    pg::warning(message, failure.detail, hint_of(failure));
  } else if (const std::optional<int> level = settings::log_level_of_runs()) {
    pg::log(*level, failure.sqlstate, message, failure.detail, hint_of(failure));
  }
}

/// Set if the statement must not run; recorded, and told by the record only: it is so after each run.
std::optional<StatementEnd> kept_back(const Statement& statement) {
  std::string why;
  if (!statement.in_force) {
    why = statement.key +
          " is switched off, as the sync got another owner or was restored; its owner gives it again by "
          "cdb_sync_update() with a connector";
  } else if (running) {
    why = statement.key + " did not run, as the run was asked for by such a statement";
  } else {
    return std::nullopt;
  }
  store::save_statement_error(statement.run, why);
  return StatementEnd{std::move(why), {}};
}

}  // namespace

store::Statements asked_statements(const core::ConnectorSpec& spec, Oid owner) {
  store::Statements statements;
  if (!spec.sync) return statements;
  const auto take = [&](const std::optional<std::string>& given, const char* key, std::optional<std::string>& target) {
    if (!given) return;
    if (GetUserId() != owner) {
      throw core::Error(core::ErrorNumber::invalid_parameters,
                        "invalid connector parameters: \"" + std::string(key) + '"',
                        "It runs as the role that gives it, which can only be the owner of the sync.",
                        "Become that role first, by SET ROLE.");
    }
    target = pg::exact_server_text(*given);
    with_fixed_reading([&] { pg::require_one_statement(*target, key); });
    statements.role = owner;
  };
  take(spec.sync->on_success, "sync.on_success", statements.on_success);
  take(spec.sync->on_failure, "sync.on_failure", statements.on_failure);
  return statements;
}

StatementEnd run_statement(const Statement& statement, Commit commit) {
  if (std::optional<StatementEnd> none = kept_back(statement)) {
    end_stoppable(statement.sync);
    commit();
    return *none;
  }
  const std::string locks = pg::held_advisory_locks();
  WorkEnd end = do_statement(statement, Transaction::own);
  if (!end.failure) {
    try {
      commit();
    } catch (const pg::PgError& error) {
      end.failure = failure_of(error);
      if (error.is_cancel()) end.cancelled = error;
    }
  }
  if (end_stoppable(statement.sync)) end.cancelled.reset();
  StatementEnd result;
  if (end.failure) {
    pg::in_subtransaction([&] { result = failed(statement, end); });
    commit();
    tell(statement, *end.failure);
  }
  pg::release_new_advisory_locks(locks);
  return result;
}

StatementEnd run_statement_here(const std::optional<Statement>& statement) {
  if (!statement) return {};
  if (std::optional<StatementEnd> none = kept_back(*statement)) return *none;
  const WorkEnd end = do_statement(*statement, Transaction::of_caller);
  if (!end.failure) return {};
  tell(*statement, *end.failure);
  return failed(*statement, end);
}

}  // namespace connector::jobs
