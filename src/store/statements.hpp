// The statements that run after a run of a sync, and what became of them. Access as in syncs.hpp.
#pragma once

#include "pg/postgres.hpp"

#include <optional>
#include <string>

namespace connector::store {

/// What a request has of them. Texts are in the database's encoding.
struct Statements {
  std::optional<std::string> on_success;
  std::optional<std::string> on_failure;
  Oid role = InvalidOid;  ///< who gave them; invalid if there are none
};

/// The one for the way in which a run ended. Texts are in the database's encoding.
struct Statement {
  std::string run;   ///< its id
  std::string key;   ///< "on_success" or "on_failure"
  std::string sync;  ///< its id
  std::string sync_name;
  std::string sql;
  Oid role = InvalidOid;  ///< who gave it
  bool in_force = false;  ///< sync and table are that role's, and were in between
};

/// Empty if the run has not ended, or there is none for its end.
std::optional<Statement> statement_after(const std::string& run);

/// Why a statement after the run failed, or did not run. UTF-8.
void save_statement_error(const std::string& run, const std::string& error);

}  // namespace connector::store
